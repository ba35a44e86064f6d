package dev.inflight.dvc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.Lane;
import dev.inflight.Lanes;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelInfo;
import dev.inflight.Outcome;
import dev.inflight.Runner;
import dev.inflight.deploy.Deployment;
import dev.inflight.deploy.DeploymentListener;
import dev.inflight.tensor.Signature;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A stage moves, the service swaps, and no call fails. */
class FollowedStageTest {
  private static final String MODEL = "fraud";

  @TempDir Path home;
  @TempDir Path staging;

  /** Answers with what its one file holds. */
  private record Echo(ModelArtifact artifact, String text) implements Model<String, String> {
    static Model<String, String> load(ModelArtifact artifact) {
      String file = artifact.modelFile("onnx");
      return new Echo(artifact, StandardCharsets.UTF_8.decode(artifact.read(file)).toString());
    }

    @Override
    public ModelInfo info() {
      return new ModelInfo(
          artifact.name(),
          artifact.version(),
          "echo",
          new Signature(List.of(), List.of()),
          artifact.digest(),
          Map.of());
    }

    @Override
    public Runner<String, String> newRunner(Lane lane) {
      return new Runner<>() {
        @Override
        public List<Outcome<String>> run(List<? extends String> rows) {
          List<Outcome<String>> answers = new ArrayList<>();
          rows.forEach(row -> answers.add(Outcome.of(text)));
          return answers;
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public void close() {}
  }

  private static void publish(Publisher publisher, String version) throws IOException {
    publisher.addFile("model.onnx", version.getBytes(StandardCharsets.UTF_8)).commit();
    publisher.tag(MODEL + "@v" + version);
  }

  @Test
  void deployment_whenTheStageMoves_swapsWithoutAFailedCall() throws Exception {
    try (Publisher publisher = new Publisher(home);
        GitServer server = new GitServer(publisher);
        Lanes lanes = Lanes.of(1)) {
      publisher.remote(server.store()).artifact(MODEL, "model.onnx");
      publish(publisher, "1.0.0");
      publisher.tag(MODEL + "#prod#1");
      String first = publisher.head();
      publish(publisher, "1.1.0");
      String second = publisher.head();
      BlockingQueue<String> live = new LinkedBlockingQueue<>();
      DeploymentListener listener =
          new DeploymentListener() {
            @Override
            public void onLive(ModelInfo model, Optional<ModelInfo> before) {
              live.add(model.version());
            }
          };
      AtomicBoolean on = new AtomicBoolean(true);
      ExecutorService caller = Executors.newSingleThreadExecutor();
      try (var deployment =
          Deployment.of(MODEL, server.repository().following("fraud#prod"), Echo::load)
              .pollEvery(Duration.ofMillis(50))
              .lanes(lanes)
              .staging(staging)
              .listen(listener)
              .start(Duration.ofSeconds(60))) {
        assertThat(live.poll(30, TimeUnit.SECONDS)).isEqualTo("1.0.0");
        Future<List<String>> calls =
            caller.submit(
                () -> {
                  List<String> answers = new ArrayList<>();
                  boolean last;
                  do {
                    last = !on.get(); // one more call than there are swaps to see
                    String answer = deployment.predictor().predict("row");
                    if (answers.isEmpty() || !answers.get(answers.size() - 1).equals(answer)) {
                      answers.add(answer);
                    }
                  } while (!last);
                  return answers;
                });
        publisher.tag(MODEL + "#prod#2", second);
        assertThat(live.poll(30, TimeUnit.SECONDS)).isEqualTo("1.1.0");
        publisher.tag(MODEL + "#prod!#3", second); // back to the one before
        assertThat(live.poll(30, TimeUnit.SECONDS)).isEqualTo("1.0.0");
        assertThat(deployment.predictor().predict("row")).isEqualTo("1.0.0");
        on.set(false);
        assertThat(calls.get(30, TimeUnit.SECONDS)).isSubsetOf("1.0.0", "1.1.0").endsWith("1.0.0");
        assertThat(first).isNotEqualTo(second);
      } finally {
        on.set(false);
        caller.shutdownNow();
      }
    }
  }
}
