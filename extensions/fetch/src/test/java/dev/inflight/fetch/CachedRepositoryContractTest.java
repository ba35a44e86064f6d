package dev.inflight.fetch;

import dev.inflight.repository.DirectoryRepository;
import dev.inflight.repository.Manifest;
import dev.inflight.repository.ModelRepository;
import dev.inflight.testkit.Damage;
import dev.inflight.testkit.Hostile;
import dev.inflight.testkit.RepositoryContract;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.io.TempDir;

/** A cache of a directory keeps the contract, all objects of a test on one cache. */
class CachedRepositoryContractTest extends RepositoryContract {
  @TempDir Path models;
  @TempDir Path cache;
  private final Map<Path, byte[]> whole = new HashMap<>();
  private int last;

  @Override
  protected ModelRepository open() {
    return CachedRepository.of(DirectoryRepository.at(models), cache);
  }

  private Path directory(String version) {
    return models.resolve(MODEL).resolve(version);
  }

  @Override
  protected String publish(Map<String, byte[]> files) throws IOException {
    Path version = Files.createDirectories(directory(String.valueOf(++last)));
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      Path path = version.resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.write(path, file.getValue());
    }
    Manifest.write(version);
    return String.valueOf(last);
  }

  @Override
  protected void withdraw(String version) throws IOException {
    Files.delete(Manifest.beside(directory(version)));
    Files.move(directory(version), models.resolve("withdrawn-" + version));
  }

  @Override
  protected boolean alias(String alias, Optional<String> version) throws IOException {
    Path file = directory("@" + alias);
    if (version.isPresent()) {
      Files.writeString(file, version.get());
    } else {
      Files.delete(file);
    }
    return true;
  }

  @Override
  protected boolean damage(String version, String file, Damage damage) throws IOException {
    Path path = directory(version).resolve(file);
    byte[] bytes = Files.readAllBytes(path);
    whole.put(path, bytes);
    switch (damage) {
      case TRUNCATED -> Files.write(path, Arrays.copyOf(bytes, bytes.length / 2));
      case LONGER -> Files.write(path, Arrays.copyOf(bytes, bytes.length + 1));
      case FLIPPED -> {
        byte[] flipped = bytes.clone();
        flipped[bytes.length / 2] ^= 1;
        Files.write(path, flipped);
      }
      case GONE -> Files.delete(path);
      default -> {
        return false; // no connection that could end
      }
    }
    return true;
  }

  @Override
  protected void repair(String version, String file) throws IOException {
    Path path = directory(version).resolve(file);
    Files.write(path, whole.get(path));
  }

  @Override
  protected Optional<String> publishHostile(Hostile hostile, Path outside) throws IOException {
    String version = publish(Map.of("model.onnx", new byte[] {1}));
    if (hostile == Hostile.SYMBOLIC_LINK) {
      Files.delete(Manifest.beside(directory(version)));
      Files.createSymbolicLink(directory(version).resolve(hostile.path()), outside);
    } else {
      Path manifest = Manifest.beside(directory(version));
      String line = "0".repeat(64) + "  " + hostile.path() + "\n";
      Files.writeString(manifest, Files.readString(manifest) + line);
    }
    return Optional.of(version);
  }
}
