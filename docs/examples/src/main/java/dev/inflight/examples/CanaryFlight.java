package dev.inflight.examples;

import dev.inflight.CallOptions;
import dev.inflight.ModelLoader;
import dev.inflight.Prediction;
import dev.inflight.Predictor;
import dev.inflight.deploy.CanaryOptions;
import dev.inflight.deploy.CanaryOptions.Signal;
import dev.inflight.deploy.CanaryReport;
import dev.inflight.deploy.Deployment;
import dev.inflight.deploy.DeploymentStatus;
import dev.inflight.deploy.DeploymentStatus.State;
import dev.inflight.deploy.Gate;
import dev.inflight.deploy.Rollout;
import dev.inflight.repository.DirectoryRepository;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;

/**
 * The second part of the main job: a better model is promoted and a slightly worse one rejected, by
 * what turns out to be true about their answers. Nobody watches, and no caller sees the worse one.
 */
final class CanaryFlight {
  private static final Duration PATIENCE = Duration.ofSeconds(40);

  private final List<Sample> samples;
  private final Consumer<String> say;
  private final AtomicLong seen = new AtomicLong();
  private final AtomicLong wrongVersion = new AtomicLong();
  private final AtomicBoolean over = new AtomicBoolean();

  CanaryFlight(List<Sample> samples, Consumer<String> say) {
    this.samples = samples;
    this.say = say;
  }

  /** {@return whether the second version was promoted and the third rejected} */
  boolean fly(Path root, ModelLoader<Cell, Diagnosis> loader, Path v1, Path v2, Path v3)
      throws Exception {
    Publisher publisher = new Publisher(root.resolve("canary"));
    publisher.publish(1, v1);
    List<Cell> cells = samples.stream().map(Sample::cell).toList();
    try (Deployment<Cell, Diagnosis> cancer =
        Deployment.of("canary", DirectoryRepository.at(root).requireManifest(), loader)
            .pollEvery(Duration.ofMillis(100))
            .gate(Gate.warmUp(cells))
            .rollout(Rollout.canary(options()).withLabel(Diagnosis.class, Diagnosis::label))
            .start()) {
      Thread caller = new Thread(() -> predict(cancer), "caller-with-truth");
      caller.setDaemon(true);
      caller.start();
      publisher.publish(2, v2);
      say.accept("v2 runs beside v1; the truth about each call is fed back");
      boolean promoted = await(cancer, "2", State.LIVE);
      report(cancer);
      publisher.publish(3, v3);
      say.accept("v3 runs beside v2: right 3 times of 100 less often");
      boolean rejected = await(cancer, "3", State.REJECTED);
      report(cancer);
      boolean serves = cancer.status().live().orElseThrow().version().equals("2");
      over.set(true);
      caller.join(PATIENCE.toMillis());
      say.accept(
          String.format(
              "v2 %s, v3 %s, %,d calls, %d of them answered by v3",
              promoted ? "promoted" : "NOT PROMOTED",
              rejected ? "rejected" : "NOT REJECTED",
              seen.get(),
              wrongVersion.get()));
      return promoted && rejected && serves && wrongVersion.get() == 0;
    }
  }

  private static CanaryOptions options() {
    return CanaryOptions.defaults()
        .without(Signal.LATENCY)
        .with(Signal.CORRECTNESS, .02)
        .withAlpha(.0005, .01) // the worse one shall not be promoted in front of you
        .withSampleShare(1)
        .withMaturity(Duration.ofMillis(200))
        .withDeadline(1_000_000, PATIENCE)
        .withProbation(Duration.ZERO);
  }

  /** As a service would: an answer first, the truth about it later. */
  private void predict(Deployment<Cell, Diagnosis> cancer) {
    Predictor<Cell, Diagnosis> predictor = cancer.predictor();
    Random random = new Random(7);
    while (!over.get()) {
      Sample sample = samples.get(random.nextInt(samples.size()));
      Prediction<Diagnosis> answer = predictor.call(sample.cell(), CallOptions.defaults());
      cancer.feedback(answer.id(), sample.truth());
      seen.incrementAndGet();
      wrongVersion.addAndGet(answer.model().version().equals("3") ? 1 : 0);
    }
  }

  private static boolean await(Deployment<?, ?> deployment, String version, State state) {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() - deadline < 0) {
      var now = deployment.status().version(version).map(DeploymentStatus.Version::state);
      if (now.isPresent() && now.get() == state) {
        return true;
      }
      LockSupport.parkNanos(20_000_000);
    }
    return false;
  }

  private void report(Deployment<?, ?> deployment) {
    deployment.status().canary().map(CanaryReport::toString).ifPresent(say);
  }
}
