package dev.inflight.testkit;

import dev.inflight.repository.Manifest;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;

/**
 * The contract of what reads a directory of versions: a {@link
 * dev.inflight.repository.DirectoryRepository}, or a repository that stands before one. A subclass
 * opens it on {@link #models}.
 */
public abstract class DirectoryContract extends RepositoryContract {
  /** Where this publishes. */
  @TempDir
  @SuppressWarnings("NullAway.Init")
  protected Path models;

  private final Map<Path, byte[]> whole = new HashMap<>();
  private int last;

  /** For subclasses. */
  protected DirectoryContract() {}

  /** Adds what a version needs beside its files, before its manifest is written. */
  protected void complete(Path version) throws IOException {}

  /** {@return the directory of a version that is there or is to be} */
  protected final Path directory(String version) {
    return models.resolve(MODEL).resolve(version);
  }

  /** {@return the directory of a new version, empty} */
  protected final Path next() throws IOException {
    return Files.createDirectories(directory(String.valueOf(++last)));
  }

  @Override
  protected final String publish(Map<String, byte[]> files) throws IOException {
    Path version = next();
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      Path path = version.resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.write(path, file.getValue());
    }
    complete(version);
    Manifest.write(version);
    return version.getFileName().toString();
  }

  @Override
  protected final void withdraw(String version) throws IOException {
    Files.delete(Manifest.beside(directory(version)));
    Files.move(directory(version), models.resolve("withdrawn-" + version));
  }

  @Override
  protected final boolean alias(String alias, Optional<String> version) throws IOException {
    Path file = directory("@" + alias);
    if (version.isPresent()) {
      Files.writeString(file, version.get());
    } else {
      Files.delete(file);
    }
    return true;
  }

  @Override
  protected final boolean damage(String version, String file, Damage damage) throws IOException {
    Path path = directory(version).resolve(file);
    byte[] bytes = Files.readAllBytes(path);
    whole.put(path, bytes);
    switch (damage) {
      case TORN -> {
        return false; // no connection that could end
      }
      case GONE -> Files.delete(path);
      default -> Files.write(path, damage.of(bytes));
    }
    return true;
  }

  @Override
  protected final void repair(String version, String file) throws IOException {
    Path path = directory(version).resolve(file);
    Files.write(path, whole.get(path));
  }

  @Override
  protected final Optional<String> publishHostile(Hostile hostile, Path outside)
      throws IOException {
    Path version = next();
    Files.write(version.resolve("model.onnx"), "a model".getBytes(StandardCharsets.UTF_8));
    complete(version);
    if (hostile == Hostile.SYMBOLIC_LINK) {
      Files.createSymbolicLink(version.resolve(hostile.path()), outside);
      return Optional.of(version.getFileName().toString());
    }
    // A directory holds no such names; what says them is the manifest.
    Manifest.write(version);
    Path manifest = Manifest.beside(version);
    Files.writeString(
        manifest, Files.readString(manifest) + "0".repeat(64) + "  " + hostile.path() + "\n");
    return Optional.of(version.getFileName().toString());
  }
}
