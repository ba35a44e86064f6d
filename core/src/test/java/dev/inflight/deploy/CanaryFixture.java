package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.CallOptions;
import dev.inflight.InferenceException;
import dev.inflight.Lanes;
import dev.inflight.ModelInfo;
import dev.inflight.Prediction;
import dev.inflight.deploy.CanaryOptions.Signal;
import dev.inflight.repository.DirectoryRepository;
import dev.inflight.repository.Manifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A directory to publish scripted models to, a deployment that follows it, and callers of it. */
@Timeout(60)
abstract class CanaryFixture {
  private static final long PATIENCE_SECONDS = 20;
  private static final long PAUSE_MICROS = 100;

  /** Errors only, every request, no probation. */
  static final CanaryOptions ERRORS =
      CanaryOptions.defaults()
          .without(Signal.LATENCY)
          .withSampleShare(1)
          .withProbation(Duration.ZERO);

  @TempDir Path root;
  @TempDir Path staging;
  final ScriptedLoader loader = new ScriptedLoader();
  final Lanes lanes = Lanes.of(2);
  final BlockingQueue<String> events = new LinkedBlockingQueue<>();
  private final ScriptedLoader.Script right = new ScriptedLoader.Script("seed=0");
  ScriptedLoader.Script live = right;
  long row;
  long failures;

  @AfterEach
  void closeLanes() {
    loader.go.countDown();
    lanes.close();
  }

  Deployment.Builder<Long, Object> model(Path from, Rollout rollout) {
    return Deployment.of("model", DirectoryRepository.at(from), loader)
        .lanes(lanes)
        .staging(staging)
        .pollEvery(Duration.ofMillis(5))
        .rollout(rollout)
        .listen(
            new DeploymentListener() {
              @Override
              public void onState(DeploymentStatus.Version version) {
                events.add("state " + version.version() + " " + version.state());
              }

              @Override
              public void onLive(ModelInfo model, Optional<ModelInfo> before) {
                events.add(
                    "live "
                        + model.version()
                        + before.map(b -> " after " + b.version()).orElse(""));
              }

              @Override
              public void onFailed(String version, String reason) {
                events.add("failed " + version + " " + reason);
              }

              @Override
              public void onRetired(ModelInfo model) {
                events.add("retired " + model.version());
              }
            });
  }

  /** What serves first; {@link #call} expects its answers. */
  Deployment<Long, Object> start(String text, Rollout rollout) throws IOException {
    publish(root, "1", text);
    live = new ScriptedLoader.Script(text);
    return model(root, rollout).start();
  }

  void publish(String version, String text) throws IOException {
    publish(root, version, text);
  }

  static void publish(Path to, String version, String text) throws IOException {
    Path draft = Files.createDirectories(to.resolve("model/draft-" + version));
    Files.writeString(draft.resolve("model.txt"), text);
    Manifest.write(draft);
    Files.move(Manifest.beside(draft), to.resolve("model/" + version + ".sha256"));
    Files.move(draft, to.resolve("model/" + version));
  }

  /** Waits without a call. */
  String await(String start) throws InterruptedException {
    String event;
    do {
      event = events.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      assertThat(event).as("waiting for " + start).isNotNull();
    } while (!event.startsWith(start));
    return event;
  }

  void awaitCanary(Deployment<?, ?> deployment, String version) throws InterruptedException {
    await("state " + version + " CANARY");
    assertThat(deployment.status().canary()).as("the comparison has begun").isPresent();
  }

  /** Calls until that happens; every answer must be what version 1 gives. */
  String drive(Deployment<Long, Object> deployment, String start) throws InterruptedException {
    return drive(deployment, start, "1");
  }

  /** Calls until that happens; every answer must be what {@link #live} says. */
  String drive(Deployment<Long, Object> deployment, String start, String version)
      throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (System.nanoTime() < end) {
      // waits, so that the pairs get a core of a machine that has two
      String event = events.poll(PAUSE_MICROS, TimeUnit.MICROSECONDS);
      for (; event != null; event = events.poll()) {
        if (event.startsWith(start)) {
          return event;
        }
      }
      for (int i = 0; i < 16; i++) {
        call(deployment, version);
      }
    }
    throw new AssertionError("waiting for " + start + ": " + deployment.status());
  }

  /** One call; empty if what serves fails, as it should. */
  Optional<Prediction<Object>> call(Deployment<Long, Object> deployment, String version) {
    row++;
    Prediction<Object> answer;
    try {
      answer = deployment.predictor().call(row, CallOptions.defaults());
    } catch (InferenceException e) {
      assertThat(live.hits("errors", row)).as("%s", e).isTrue();
      failures++;
      return Optional.empty();
    }
    // A promotion may come between two calls, so a caller may see the next version before its
    // event.
    if (answer.model().version().equals(version)) {
      assertThat(live.hits("errors", row)).isFalse();
      assertThat(answer.value()).isEqualTo(live.hits("wrong", row) ? -1.0 - row : 1.0 * row);
    }
    return Optional.of(answer);
  }

  static DeploymentStatus.Version version(Deployment<?, ?> deployment, String version) {
    return deployment.status().version(version).orElseThrow();
  }

  /** A version that was withdrawn just before the end may still be on its way out. */
  void assertNothingLeft() throws IOException {
    DeploymentFixture.await(
        () -> loader.open.isEmpty() && DeploymentFixture.isEmpty(staging), () -> loader.open);
    assertThat(Clockwork.timer().getQueue()).isEmpty();
  }
}
