package dev.inflight.mlflow;

import dev.inflight.fetch.OmsRoot;
import dev.inflight.repository.ModelRepository;
import dev.inflight.testkit.Damage;
import dev.inflight.testkit.Hostile;
import dev.inflight.testkit.RepositoryContract;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;

/** A real server and its store keep the contract; the store is damaged behind the server's back. */
@Tag("interop")
class MlflowInteropContractTest extends RepositoryContract {
  private static int published;

  private final Map<Path, byte[]> whole = new HashMap<>();
  private RealServer server;
  @TempDir Path scratch;

  @BeforeEach
  void start() throws Exception {
    server = RealServer.of("inflight.mlflow3", RealServer.Kind.PLAIN);
    server.removeModel(MODEL);
  }

  @Override
  protected ModelRepository open() {
    return server.repository();
  }

  @Override
  protected String publish(Map<String, byte[]> files) throws Exception {
    String folder = "contract-" + ++published;
    String version = server.publish(MODEL, folder, files);
    for (Map.Entry<String, byte[]> file : files.entrySet()) {
      Path path = scratch.resolve(version).resolve(file.getKey());
      Files.createDirectories(path.getParent());
      Files.write(path, file.getValue());
    }
    server.tag(
        MODEL,
        version,
        OmsRoot.TAG,
        OmsRoot.of(dev.inflight.ModelArtifact.of("", "", scratch.resolve(version))));
    return version;
  }

  private void call(String method, String call, Map<String, String> body) throws Exception {
    server.send(
        method, "/api/2.0/mlflow/" + call, Json.write(body).getBytes(StandardCharsets.UTF_8));
  }

  @Override
  protected void withdraw(String version) throws Exception {
    call("DELETE", "model-versions/delete", Map.of("name", MODEL, "version", version));
  }

  @Override
  protected boolean alias(String alias, Optional<String> version) throws Exception {
    if (version.isPresent()) {
      call(
          "POST",
          "registered-models/alias",
          Map.of("name", MODEL, "alias", alias, "version", version.get()));
    } else {
      call("DELETE", "registered-models/alias", Map.of("name", MODEL, "alias", alias));
    }
    return true;
  }

  /** In the store of the version that was published last. */
  private Path stored(String file) throws Exception {
    return server.stored("contract-" + published, file);
  }

  @Override
  protected boolean damage(String version, String file, Damage damage) throws Exception {
    Path path = stored(file);
    byte[] bytes = Files.readAllBytes(path);
    whole.put(path, bytes.clone());
    switch (damage) {
      case FLIPPED -> {
        bytes[bytes.length / 2] ^= 1;
        Files.write(path, bytes);
      }
      case TRUNCATED -> Files.write(path, Arrays.copyOf(bytes, bytes.length / 2));
      case LONGER -> Files.write(path, Arrays.copyOf(bytes, bytes.length + 1));
      default -> {
        return false; // a listing follows the store at once
      }
    }
    return true;
  }

  @Override
  protected void repair(String version, String file) throws Exception {
    Files.write(stored(file), whole.get(stored(file)));
  }

  @Override
  protected Optional<String> publishHostile(Hostile hostile, Path outside) {
    return Optional.empty(); // MLflow's own server lists none of these
  }
}
