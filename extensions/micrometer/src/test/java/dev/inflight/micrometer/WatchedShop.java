package dev.inflight.micrometer;

import dev.inflight.CallOptions;
import dev.inflight.Lanes;
import dev.inflight.deploy.CanaryOptions;
import dev.inflight.deploy.CanaryReport;
import dev.inflight.deploy.Deployment;
import dev.inflight.deploy.DeploymentStatus.State;
import dev.inflight.deploy.MemoryBudget;
import dev.inflight.deploy.Rollout;
import dev.inflight.repository.DirectoryRepository;
import dev.inflight.repository.Manifest;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;

/**
 * A deployment with all that can be shown: version 1 was served, 2 serves, 3 is compared with it; a
 * budget; callers.
 */
final class WatchedShop implements AutoCloseable {
  private static final long PATIENCE_NANOS = 20_000_000_000L;

  final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final Lanes lanes = Lanes.of(2);
  private final MemoryBudget budget = MemoryBudget.of(1 << 30);
  private final Path models;
  final Deployment<Long, Long> deployment;
  private final InflightMetrics metrics;
  private final InflightMetrics memory = InflightMetrics.of(budget);

  WatchedShop(Path home) throws IOException {
    models = home.resolve("models");
    publish("1");
    deployment =
        Deployment.<Long, Long>of(
                "shop",
                DirectoryRepository.at(models),
                artifact ->
                    new NumberModel("shop", artifact.version(), false, new CountDownLatch(0)))
            .lanes(lanes)
            .staging(home.resolve("staging"))
            .pollEvery(Duration.ofMillis(20))
            .memory(budget)
            .rollout(Rollout.shadow(CanaryOptions.defaults().withSampleShare(1)))
            .start(Duration.ofSeconds(20));
    metrics = InflightMetrics.of(deployment);
    metrics.bindTo(registry);
    memory.bindTo(registry);
    compare("2");
    deployment.promote();
    compare("3");
  }

  private void publish(String version) throws IOException {
    Path directory = Files.createDirectories(models.resolve("shop").resolve(version));
    Files.writeString(directory.resolve("model.number"), version);
    Manifest.write(directory);
  }

  /** Publishes a version and calls until some calls ran on both. */
  private void compare(String version) throws IOException {
    publish(version);
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (deployment.status().version(version).filter(it -> it.state() == State.CANARY).isEmpty()
        || deployment.status().canary().map(CanaryReport::pairs).orElse(0L) < 20) {
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException(
            "expected a canary, got " + deployment.status() + "\n" + deployment.stats());
      }
      call(10);
      LockSupport.parkNanos(1_000_000);
    }
  }

  /** Answers, failures, invalid rows, and calls that wait for a lane. */
  void call(int times) {
    RandomCalls calls = new RandomCalls(deployment.predictor(), System.nanoTime());
    for (int i = 0; i < times; i++) {
      calls.make(5);
      deployment.predictor().predict(1L, CallOptions.timeout(Duration.ofSeconds(10)));
    }
  }

  @Override
  public void close() {
    metrics.close();
    memory.close();
    deployment.close();
    lanes.close();
  }
}
