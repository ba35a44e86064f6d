package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.Prediction;
import dev.inflight.deploy.CanaryOptions.Signal;
import dev.inflight.deploy.CanaryReport.SignalReport;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The truth comes later. */
@Timeout(60)
class FeedbackTest extends CanaryFixture {
  private static final Duration MATURITY = Duration.ofMillis(300);
  private static final CanaryOptions LABELLED =
      ERRORS.with(Signal.CORRECTNESS, .05).withMaturity(MATURITY);

  private record Answered(long id, double truth) {}

  @Test
  void feedback_lessCorrectCandidate_isRolledBack() throws Exception {
    Random random = new Random(11);
    System.out.println("feedback: seed 11");
    int counted = 0;
    int repeated = 0;
    try (var model = start("seed=1 wrong=.1", Rollout.canary(LABELLED))) {
      publish("2", "seed=2 wrong=.3");
      awaitCanary(model, "2");
      String event = "";
      for (int batch = 0; batch < 20_000 && !event.startsWith("failed 2"); batch++) {
        List<Answered> answered = new ArrayList<>();
        for (int i = 0; i < 32; i++) {
          call(model, "1").ifPresent(answer -> answered.add(new Answered(answer.id(), row)));
        }
        Collections.shuffle(answered, random);
        for (Answered one : answered) {
          boolean first = model.feedback(one.id(), one.truth());
          counted += first ? 1 : 0;
          repeated += model.feedback(one.id(), -7.0) ? 1 : 0;
        }
        assertThat(model.feedback(-5, 1.0)).as("unknown").isFalse();
        String next = events.poll();
        event = next == null ? "" : next;
      }
      assertThat(event).startsWith("failed 2 ROLL_BACK: correctness proven worse");
      assertThat(counted).isGreaterThan(100);
      assertThat(repeated).isZero();
      SignalReport correctness =
          model.status().canary().orElseThrow().signals().stream()
              .filter(signal -> signal.signal() == Signal.CORRECTNESS)
              .findFirst()
              .orElseThrow();
      System.out.println("feedback: " + correctness);
      assertThat(correctness.units()).isBetween(40L, (long) counted);
      assertThat(correctness.worse()).isGreaterThan(correctness.better());
    }
    assertNothingLeft();
  }

  @Test
  void feedback_afterMaturity_comesTooLate() throws Exception {
    try (var model = start("seed=1", Rollout.canary(LABELLED))) {
      publish("2", "seed=2");
      awaitCanary(model, "2");
      Prediction<Object> early = call(model, "1").orElseThrow();
      long end = System.nanoTime() + MATURITY.plusMillis(200).toNanos();
      while (System.nanoTime() < end) {
        call(model, "1");
      }
      assertThat(model.feedback(early.id(), 1.0)).isFalse();
    }
    assertNothingLeft();
  }

  @Test
  void feedback_nobodyAskedForIt_keepsNothing() throws Exception {
    try (var model = start("seed=1", Rollout.canary(ERRORS))) {
      publish("2", "seed=2");
      awaitCanary(model, "2");
      assertThat(model.feedback(call(model, "1").orElseThrow().id(), 1.0)).isFalse();
    }
    assertNothingLeft();
  }
}
