package dev.inflight.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.ModelArtifact;
import dev.inflight.repository.DirectoryRepository;
import dev.inflight.repository.Manifest;
import dev.inflight.repository.ModelRepository;
import dev.inflight.repository.Versions;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Directories keep the contract. */
class DirectoryRepositoryContractTest extends RepositoryContract {
  private static final byte[] MODEL_BYTES = "a model".getBytes(StandardCharsets.UTF_8);

  @TempDir Path root;
  private final Map<Path, byte[]> whole = new HashMap<>();
  private int last;

  @Override
  protected ModelRepository open() {
    return DirectoryRepository.at(root);
  }

  @Override
  protected String publish(Map<String, byte[]> files) throws IOException {
    Path version = next();
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      Path path = version.resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.write(path, file.getValue());
    }
    Manifest.write(version);
    return version.getFileName().toString();
  }

  private Path next() throws IOException {
    return Files.createDirectories(root.resolve(MODEL).resolve(String.valueOf(++last)));
  }

  @Override
  protected void withdraw(String version) throws IOException {
    Path directory = root.resolve(MODEL).resolve(version);
    Files.delete(Manifest.beside(directory));
    Files.move(directory, root.resolve("withdrawn-" + version));
  }

  @Override
  protected boolean alias(String alias, Optional<String> version) throws IOException {
    Path file = root.resolve(MODEL).resolve("@" + alias);
    if (version.isPresent()) {
      Files.writeString(file, version.get());
    } else {
      Files.delete(file);
    }
    return true;
  }

  @Override
  protected boolean damage(String version, String file, Damage damage) throws IOException {
    Path path = root.resolve(MODEL).resolve(version).resolve(file);
    byte[] bytes = Files.readAllBytes(path);
    whole.put(path, bytes.clone());
    switch (damage) {
      case TRUNCATED -> Files.write(path, java.util.Arrays.copyOf(bytes, bytes.length / 2));
      case LONGER -> Files.write(path, java.util.Arrays.copyOf(bytes, bytes.length + 1));
      case FLIPPED -> {
        bytes[bytes.length / 2] ^= 1;
        Files.write(path, bytes);
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
    Path path = root.resolve(MODEL).resolve(version).resolve(file);
    Files.write(path, whole.get(path));
  }

  @Override
  protected Optional<String> publishHostile(Hostile hostile, Path outside) throws IOException {
    Path version = next();
    Files.write(version.resolve("model.onnx"), MODEL_BYTES);
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

  /** A link that a publisher keeps must not lead into what serves. */
  @Test
  void fetch_ofHardLink_givesBytesOfItsOwn(@TempDir Path target) throws IOException {
    Path elsewhere = Files.write(root.resolve("elsewhere.onnx"), MODEL_BYTES);
    Path version = next();
    Files.createLink(version.resolve("model.onnx"), elsewhere);
    Manifest.write(version);
    ModelRepository repository = open();
    Versions.Entry entry = repository.versions(MODEL).entries().get(0);
    ModelArtifact artifact = repository.fetch(MODEL, entry, target);
    Files.writeString(elsewhere, "other bytes");
    assertThat(target.resolve("model.onnx")).hasBinaryContent(MODEL_BYTES);
    assertThat(artifact.read("model.onnx").remaining()).isEqualTo(MODEL_BYTES.length);
  }
}
