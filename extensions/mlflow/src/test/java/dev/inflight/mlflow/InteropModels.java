package dev.inflight.mlflow;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.inflight.CallOptions;
import dev.inflight.Lanes;
import dev.inflight.deploy.Deployment;
import dev.inflight.deploy.Tolerance;
import dev.inflight.deploy.VersionPolicy;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** Real models from a real server; what went over the wire is kept for {@link RecordedTest}. */
@Tag("interop")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class InteropModels extends RealModels {
  private RealServer server;
  private Exchanges exchanges;

  abstract RealServer start() throws Exception;

  /** Whether its answers are kept. */
  boolean isRecorded() {
    return true;
  }

  /** As it is followed, without what is between. */
  MlflowRepository direct() {
    return server.repository();
  }

  final RealServer server() {
    return server;
  }

  @BeforeAll
  void open() throws Exception {
    server = start();
    exchanges = Exchanges.recording(server.uri(), server.made());
  }

  @AfterAll
  void save() throws Exception {
    exchanges.close();
    if (Boolean.getBoolean("inflight.mlflow.record") && isRecorded()) {
      exchanges.save(RecordedTest.file(made().at("/mlflow").asText()));
    }
  }

  @Override
  JsonNode made() {
    return exchanges.made();
  }

  @Override
  MlflowRepository repository() {
    return server.at(exchanges.uri());
  }

  private void alias(String version) throws Exception {
    String body = Json.write(Map.of("name", "iris model", "alias", "moving", "version", version));
    server.send(
        "POST", "/api/2.0/mlflow/registered-models/alias", body.getBytes(StandardCharsets.UTF_8));
  }

  /** The main job in its second form: an alias moves, calls go on. */
  @Test
  void deployment_whenTheAliasMoves_swapsWithoutAFailedCall() throws Exception {
    String first = made().at("/iris1/version").asText();
    String second = made().at("/iris2/version").asText();
    alias(first);
    ExecutorService caller = Executors.newSingleThreadExecutor();
    AtomicBoolean on = new AtomicBoolean(true);
    try (Lanes lanes = Lanes.of(1);
        var iris =
            Deployment.of("iris model", direct(), onnx())
                .policy(VersionPolicy.alias("moving"))
                .gate(MlflowGates.example(Tolerance.close(1e-5, 1e-4)))
                .pollEvery(Duration.ofMillis(200))
                .lanes(lanes)
                .staging(Path.of(System.getProperty("java.io.tmpdir")))
                .start(Duration.ofSeconds(60))) {
      assertThat(iris.ready().get().version()).isEqualTo(first);
      Tensors row = Tensors.of("X", Tensor.of(new float[] {5.1f, 3.5f, 1.4f, 0.2f}, 1, 4));
      Future<Long> calls =
          caller.submit(
              () -> {
                long answered = 0;
                while (on.get()) {
                  assertThat(iris.predictor().predict(row)).isNotNull();
                  answered++;
                }
                return answered;
              });
      alias(second);
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (System.nanoTime() < end
          && iris.status().version(second).stream()
              .noneMatch(v -> v.state().toString().equals("LIVE"))) {
        Thread.onSpinWait();
      }
      assertThat(iris.predictor().call(row, CallOptions.defaults()).model().version())
          .isEqualTo(second);
      on.set(false);
      assertThat(calls.get(30, TimeUnit.SECONDS)).isPositive();
    } finally {
      on.set(false);
      caller.shutdownNow();
    }
  }
}
