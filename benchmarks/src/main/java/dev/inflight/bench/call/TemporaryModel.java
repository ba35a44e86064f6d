package dev.inflight.bench.call;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A model file in a directory of its own, gone when the JVM ends. */
final class TemporaryModel {
  private TemporaryModel() {}

  static Path write(String file, byte[] bytes) throws IOException {
    Path directory = Files.createTempDirectory("inflight-bench");
    directory.toFile().deleteOnExit();
    Path path = Files.write(directory.resolve(file), bytes);
    path.toFile().deleteOnExit();
    return directory;
  }
}
