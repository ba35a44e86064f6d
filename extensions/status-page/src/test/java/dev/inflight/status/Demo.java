package dev.inflight.status;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.PredictionFailedException;
import dev.inflight.deploy.CanaryOptions;
import dev.inflight.deploy.Deployment;
import dev.inflight.deploy.Gate;
import dev.inflight.deploy.Rollout;
import dev.inflight.deploy.Tolerance;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.LockSupport;

/**
 * Models in several states, with callers: one under a canary, one with a version that failed, one
 * without any.
 */
final class Demo implements AutoCloseable {
  private static final Duration LOAD = Duration.ofSeconds(8);
  private static final int CALLERS = 3;

  private final Text fraudText = new Text(Duration.ofMillis(2)).publish("1", "a");
  private final Text irisText = new Text(Duration.ofMillis(1)).publish("7", "b");
  private final Deployment<String, String> fraud;
  private final Deployment<String, String> iris;
  private final Deployment<String, String> none;
  private final StatusPage page;
  private volatile boolean over;

  Demo() {
    fraud =
        fraudText
            .deployment("fraud")
            .gate(Gate.warmUp(List.of("row")))
            .gate(Gate.batchInvariance(List.of("a", "b"), Tolerance.exact()))
            .rollout(
                Rollout.canary(CanaryOptions.defaults().withSampleShare(1))
                    .withRamp(Duration.ofMinutes(1), .25, .5))
            .start();
    iris = irisText.deployment("iris").start();
    irisText.publish("8", "broken: it ends in the middle of tensor dense_3/kernel");
    none =
        new Text(Duration.ZERO)
            .publish("1", "broken")
            .deployment("churn-" + "with-a-very-long-name".repeat(4))
            .startAsync();
    page = StatusPage.of(fraud, iris, none);
  }

  StatusPage page() {
    return page;
  }

  /** A new version of the second model, which fails. */
  void publishBroken() {
    irisText.publish("99", "broken again");
  }

  /** Calls for some seconds, so that there is something to see. */
  void run() throws InterruptedException {
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < CALLERS; i++) {
      Thread caller = new Thread(this::call, "demo-" + i);
      caller.start();
      callers.add(caller);
    }
    fraudText.publish("2", "a"); // refused: the same bytes
    fraudText.publish("3", "a ");
    long end = System.nanoTime() + LOAD.toNanos();
    while (System.nanoTime() < end) {
      page.json();
      LockSupport.parkNanos(500_000_000);
    }
    over = true;
    for (Thread caller : callers) {
      caller.join();
    }
    assertThat(fraud.stats().total().ends().completed()).isGreaterThan(100);
  }

  private void call() {
    for (int i = 0; !over; i++) {
      fraud.predictor().predict("row");
      try {
        iris.predictor().predict(i % 400 == 7 ? "bad" : "row");
      } catch (PredictionFailedException e) {
        assertThat(i % 400).isEqualTo(7);
      }
    }
  }

  @Override
  public void close() {
    over = true;
    fraud.close();
    iris.close();
    none.close();
  }
}
