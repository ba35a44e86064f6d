package dev.inflight.mlflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpServer;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoadException;
import dev.inflight.fetch.Presigner;
import dev.inflight.repository.Versions;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that are in a store beside the server: the server lists them, the store hands them out. */
class SignedStoreTest {
  private static final String MODEL = "iris";
  private static final byte[] BYTES = "a model".getBytes(StandardCharsets.UTF_8);

  private final Map<String, String> asked = new ConcurrentHashMap<>();
  private FakeMlflow server;
  private HttpServer store;
  @TempDir Path target;

  @BeforeEach
  void start() throws IOException {
    server = new FakeMlflow(MODEL);
    store = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    store.createContext(
        "/",
        exchange -> {
          try (exchange) {
            asked.put(
                exchange.getRequestURI().toString(),
                String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
            exchange.sendResponseHeaders(200, BYTES.length);
            exchange.getResponseBody().write(BYTES);
          }
        });
    store.start();
  }

  @AfterEach
  void stop() {
    server.close();
    store.stop(0);
  }

  private MlflowRepository open() {
    return MlflowRepository.at(server.uri()).withCredentials(FakeMlflow.USER, FakeMlflow.PASSWORD);
  }

  /** As it would be signed. */
  private URI signed(URI file) throws IOException {
    if (!"s3".equals(file.getScheme())) {
      throw new IOException("expected s3, got " + file.getScheme());
    }
    return URI.create(
        "http://127.0.0.1:"
            + store.getAddress().getPort()
            + "/"
            + file.getRawAuthority()
            + file.getRawPath()
            + "?signed");
  }

  private ModelArtifact fetch(MlflowRepository repository) throws IOException {
    Versions.Entry entry = repository.versions(MODEL).entries().get(0);
    return repository.fetch(MODEL, entry, target);
  }

  @Test
  void fetch_storeThatIsSignedFor_comesFromThereWithoutTheServersPassword() throws IOException {
    server.run(
        server.publish(Map.of("model.onnx", BYTES, "a+b/50 grad", BYTES)), "s3://my_bucket/0/a b");

    ModelArtifact artifact = fetch(open().withPresigner(this::signed));

    assertThat(artifact.files().keySet()).containsExactly("a+b/50 grad", "model.onnx");
    assertThat(asked)
        .containsOnly(
            Map.entry("/my_bucket/0/a%20b/model/model.onnx?signed", "null"),
            Map.entry("/my_bucket/0/a%20b/model/a%2Bb/50%20grad?signed", "null"));
    assertThat(server.requests()).noneMatch(path -> path.contains("get-artifact"));
  }

  @Test
  void fetch_ofTheServersOwnStore_isNotSigned() throws IOException {
    server.publish(Map.of("model.onnx", BYTES));
    fetch(open().withPresigner(this::signed));
    assertThat(asked).isEmpty();
  }

  @Test
  void fetch_noCredentialsForTheStore_isAnOutageAndNotTheVersionsFault() throws IOException {
    server.run(server.publish(Map.of("model.onnx", BYTES)), "s3://bucket/0");
    Presigner none =
        file -> {
          throw new IOException("expected an access key, got none");
        };
    assertThatThrownBy(() -> fetch(open().withPresigner(none)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("expected an access key");
  }

  @Test
  void fetch_storeThatTheServerCannotList_isRefused() throws IOException {
    server.store(server.publish(Map.of("model.onnx", BYTES)), "s3://bucket/elsewhere");
    assertThatThrownBy(() -> fetch(open().withPresigner(this::signed)))
        .isInstanceOfSatisfying(
            ModelLoadException.class,
            e -> assertThat(e.stage()).isEqualTo(ModelLoadException.Stage.FETCH))
        .hasMessageContaining("expected files that MLflow lists")
        .hasMessageContaining("got a store of scheme s3 and no run or logged model");
  }
}
