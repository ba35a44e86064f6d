package dev.inflight.signing;

import dev.inflight.repository.DirectoryRepository;
import dev.inflight.repository.Manifest;
import dev.inflight.repository.ModelRepository;
import dev.inflight.testkit.Damage;
import dev.inflight.testkit.Hostile;
import dev.inflight.testkit.RepositoryContract;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/** Signed directories keep the contract: what is signed arrives, and nothing else. */
class SignedRepositoryContractTest extends RepositoryContract {
  @TempDir Path root;
  private final Map<Path, byte[]> whole = new HashMap<>();
  private ModelSigner signer;
  private int last;

  @BeforeEach
  void generate() throws Exception {
    signer = ModelSigner.of(Bench.pair(kind()).getPrivate());
  }

  KeyKind kind() {
    return KeyKind.P256;
  }

  @Override
  protected ModelRepository open() {
    return SignedRepository.of(
        DirectoryRepository.at(root),
        Trust.required(TrustedSigners.ofKeys(List.of(signer.publicKey())))
            .withState(root.resolve("state/trust")));
  }

  @Override
  protected String publish(Map<String, byte[]> files) throws IOException {
    Path version = Bench.write(next(), files);
    signer.sign(version);
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
      case TRUNCATED -> Files.write(path, Arrays.copyOf(bytes, bytes.length / 2));
      case LONGER -> Files.write(path, Arrays.copyOf(bytes, bytes.length + 1));
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
    Files.write(version.resolve("model.onnx"), "a model".getBytes(StandardCharsets.UTF_8));
    signer.sign(version);
    if (hostile == Hostile.SYMBOLIC_LINK) {
      Files.createSymbolicLink(version.resolve(hostile.path()), outside);
      return Optional.of(version.getFileName().toString());
    }
    Manifest.write(version);
    Path manifest = Manifest.beside(version);
    Files.writeString(
        manifest, Files.readString(manifest) + "0".repeat(64) + "  " + hostile.path() + "\n");
    return Optional.of(version.getFileName().toString());
  }
}
