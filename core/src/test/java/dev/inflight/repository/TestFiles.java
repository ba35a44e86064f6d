package dev.inflight.repository;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicLong;

/** Version directories for tests. */
final class TestFiles {
  private static final AtomicLong CLOCK = new AtomicLong(1_600_000_000);

  private TestFiles() {}

  /** Writes {@code root/model/version/file}; every write has a time of its own. */
  static Path write(Path root, String model, String version, String file, String content)
      throws IOException {
    Path directory = root.resolve(model).resolve(version);
    Path target = directory.resolve(file);
    Files.createDirectories(target.getParent());
    Files.writeString(target, content);
    Files.setLastModifiedTime(
        target, FileTime.from(Instant.ofEpochSecond(CLOCK.incrementAndGet())));
    return directory;
  }
}
