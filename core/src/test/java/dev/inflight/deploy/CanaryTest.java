package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.deploy.CanaryOptions.Margin;
import dev.inflight.deploy.CanaryOptions.Signal;
import dev.inflight.deploy.CanaryReport.Verdict;
import dev.inflight.deploy.DeploymentStatus.State;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Pairs from the call to the verdict. */
@Timeout(60)
class CanaryTest extends CanaryFixture {
  private static final CanaryOptions QUICK =
      ERRORS.with(Signal.ERRORS, new Margin(0, .05)); // an equal one promotes after 105 pairs

  @Test
  void canary_equalCandidate_isPromoted() throws Exception {
    try (var model = start("seed=1", Rollout.canary(QUICK))) {
      publish("2", "seed=2");
      drive(model, "state 2 CANARY");
      drive(model, "live 2 after 1");
      CanaryReport report = model.status().canary().orElseThrow();
      assertThat(report.verdict()).isEqualTo(Verdict.PROMOTE);
      assertThat(report.pairs()).isBetween(60L, 2_000L);
      assertThat(report.signals().get(0).units()).isEqualTo(report.pairs());
      assertThat(version(model, "2").reason()).startsWith("PROMOTE: every margin is excluded");
      assertThat(model.predictor().predict(7L)).isEqualTo(7.0);
      assertThat(failures).isZero();
    }
    assertNothingLeft();
  }

  /**
   * Designed: 3,429 pairs in the middle for one signal at .01. Half of the level goes to windows,
   * so the whole history is at .005: 14 % more. With S signals it is at .005/S: about 680 pairs
   * more each time S doubles.
   */
  @Test
  void canary_twiceTheErrors_isRolledBackInTimeAndNotTriedAgain() throws Exception {
    List<Long> delays = new ArrayList<>();
    try (var model = start("seed=1 errors=.01", Rollout.canary(ERRORS))) {
      for (int seed = 2; seed < 9; seed++) {
        publish("" + seed, "seed=" + seed + " errors=.02");
        drive(model, "failed " + seed + " ROLL_BACK: errors proven worse");
        CanaryReport report = model.status().canary().orElseThrow();
        delays.add(report.pairs());
        assertThat(report.verdict()).isEqualTo(Verdict.ROLL_BACK);
        assertThat(version(model, "" + seed).state()).isEqualTo(State.REJECTED);
      }
      Collections.sort(delays);
      System.out.printf("errors 1 -> 2 %%, seeds 2 to 8: rolled back after %s pairs%n", delays);
      assertThat(delays.get(3)).isBetween(3_429L / 4, 2 * 3_429L + 3_429L / 2);
      assertThat(failures).as("callers see those of the live version").isPositive();
      events.clear();
      for (int i = 0; i < 2_000; i++) {
        call(model, "1");
      }
      assertThat(model.status().versions()).allMatch(v -> v.attempts() == 1);
      assertThat(model.status().live().orElseThrow().version()).isEqualTo("1");
    }
    assertNothingLeft();
  }

  @ParameterizedTest
  @CsvSource({"errors=1", "nan=1", "invalid=1"})
  void canary_candidateThatNeverAnswers_isOutAfterAFewPairs(String what) throws Exception {
    try (var model = start("seed=1", Rollout.canary(ERRORS))) {
      publish("2", "seed=2 " + what);
      drive(model, "failed 2 ROLL_BACK: errors proven worse");
      CanaryReport report = model.status().canary().orElseThrow();
      assertThat(report.pairs()).isBetween(9L, 200L); // 13 and the rest of two epochs
      assertThat(report.signals().get(0).worse()).isEqualTo(report.pairs());
      assertThat(failures).isZero();
    }
    assertNothingLeft();
  }

  @Test
  void canary_someNaN_countAsFailures() throws Exception {
    try (var model = start("seed=1", Rollout.canary(ERRORS))) {
      publish("2", "seed=2 nan=.05");
      drive(model, "failed 2 ROLL_BACK: errors proven worse");
      CanaryReport.SignalReport errors =
          model.status().canary().orElseThrow().signals().stream().findFirst().orElseThrow();
      assertThat(errors.better()).isZero();
      assertThat(errors.estimate()).isBetween(.01, .2);
    }
  }

  @Test
  void canary_otherAnswersThanTheBudgetAllows_areRolledBack() throws Exception {
    CanaryOptions options = ERRORS.with(Signal.DISAGREEMENT, .01);
    try (var model = start("seed=1 wrong=.1", Rollout.canary(options))) {
      publish("2", "seed=1 wrong=.1 errors=0");
      drive(model, "live 2");
      live = new ScriptedLoader.Script("seed=1 wrong=.1");
      publish("3", "seed=1 wrong=.2");
      drive(model, "failed 3 ROLL_BACK: disagreement proven worse", "2");
    }
  }

  @Test
  void canary_slowerCandidate_isRolledBack() throws Exception {
    CanaryOptions options = ERRORS.with(Signal.LATENCY, .1).without(Signal.ERRORS);
    try (var model = start("seed=1 micros=50", Rollout.canary(options))) {
      publish("2", "seed=2 micros=300");
      drive(model, "failed 2 ROLL_BACK: latency proven worse");
      assertThat(failures).isZero();
    }
    assertNothingLeft();
  }

  @Test
  void canary_unlookableAnswers_areDroppedAndTheOthersCount() throws Exception {
    try (var model = start("seed=1", Rollout.canary(QUICK))) {
      publish("2", "seed=2 evil=.05");
      drive(model, "live 2");
      assertThat(model.status().canary().orElseThrow().verdict()).isEqualTo(Verdict.PROMOTE);
    }
    assertNothingLeft();
  }

  @Test
  void canary_maxPairs_keepTheOldVersionUndecided() throws Exception {
    CanaryOptions options = ERRORS.withDeadline(200, Duration.ofDays(1));
    try (var model = start("seed=1", Rollout.canary(options))) {
      publish("2", "seed=2");
      drive(model, "failed 2 UNDECIDED: at most 200 pairs");
      assertThat(model.status().canary().orElseThrow().verdict()).isEqualTo(Verdict.UNDECIDED);
      assertThat(version(model, "2").reason()).startsWith("UNDECIDED");
      assertThat(version(model, "1").state()).isEqualTo(State.LIVE);
    }
    assertNothingLeft();
  }

  @Test
  void canary_deadlineWithoutTraffic_keepsTheOldVersionUndecided() throws Exception {
    CanaryOptions options = ERRORS.withDeadline(1_000_000, Duration.ofMillis(150));
    try (var model = start("seed=1", Rollout.canary(options))) {
      publish("2", "seed=2");
      assertThat(await("failed 2")).contains("UNDECIDED: at most PT0.15S");
      assertThat(model.predictor().predict(3L)).isEqualTo(3.0);
    }
    assertNothingLeft();
  }

  @Test
  void canary_candidateThatHangs_isRejectedAndCallersDoNotNotice() throws Exception {
    try (var model = start("seed=1", Rollout.canary(ERRORS))) {
      publish("2", "seed=2 hang=1");
      awaitCanary(model, "2");
      long slowest = 0;
      String event = "";
      while (!event.startsWith("failed 2")) {
        long begin = System.nanoTime();
        call(model, "1");
        slowest = Math.max(slowest, System.nanoTime() - begin);
        event = pollFor(Duration.ofMillis(10));
      }
      assertThat(event).contains("did not end within 10 s");
      assertThat(slowest).isLessThan(Duration.ofSeconds(2).toNanos());
      assertThat(failures).isZero();
      assertThat(version(model, "2").state()).isEqualTo(State.REJECTED);
      loader.go.countDown();
      await("retired 2");
    }
    assertNothingLeft();
  }

  private String pollFor(Duration time) throws InterruptedException {
    String event = events.poll(time.toMillis(), TimeUnit.MILLISECONDS);
    return event == null ? "" : event;
  }
}
