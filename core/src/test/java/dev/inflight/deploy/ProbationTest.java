package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.InferenceException;
import dev.inflight.deploy.CanaryOptions.Margin;
import dev.inflight.deploy.CanaryOptions.Signal;
import dev.inflight.deploy.CanaryReport.Verdict;
import dev.inflight.deploy.DeploymentStatus.State;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What ends a comparison, or begins one, other than its verdict; and the watch after promotion. */
@Timeout(60)
class ProbationTest extends CanaryFixture {
  private static final CanaryOptions WATCHED =
      ERRORS.with(Signal.ERRORS, new Margin(0, .05)).withProbation(Duration.ofHours(1));

  private void promoteAndRegress(Deployment<Long, Object> model) throws Exception {
    publish("2", "failAfter=50000");
    drive(model, "live 2 after 1");
    long failed = 0;
    String event = "";
    for (int i = 0; i < 2_000_000 && !event.startsWith("live 1 after 2"); i++) {
      try {
        model.predictor().predict((long) i);
      } catch (InferenceException e) {
        failed++;
      }
      String next = events.poll();
      event = next == null ? "" : next;
    }
    assertThat(event).startsWith("live 1 after 2");
    System.out.printf("probation: went back after %d failed calls%n", failed);
    assertThat(failed).isPositive();
    assertThat(version(model, "2").state()).isEqualTo(State.REJECTED);
    assertThat(version(model, "2").reason()).startsWith("ROLL_BACK: errors proven worse");
    assertThat(model.status().canary().orElseThrow().verdict()).isEqualTo(Verdict.ROLL_BACK);
    for (int i = 0; i < 100; i++) {
      call(model, "1");
    }
    assertThat(failures).isZero();
  }

  @Test
  void probation_regression_isRolledBackByItself() throws Exception {
    try (var model = start("seed=1", Rollout.canary(WATCHED))) {
      promoteAndRegress(model);
    }
    assertNothingLeft();
  }

  @Test
  void probation_nothingKept_holdsTheOldVersionUntilItIsOver() throws Exception {
    publish("1", "seed=1");
    try (var model = model(root, Rollout.canary(WATCHED)).keep(0).start()) {
      promoteAndRegress(model);
    }
    assertNothingLeft();
  }

  @Test
  void probation_timeIsUp_letsTheOldVersionGo() throws Exception {
    publish("1", "seed=1");
    Rollout brief = Rollout.canary(WATCHED.withProbation(Duration.ofMillis(200)));
    try (var model = model(root, brief).keep(0).start()) {
      publish("2", "seed=2");
      drive(model, "live 2 after 1");
      assertThat(version(model, "1").state()).isEqualTo(State.RETAINED);
      drive(model, "retired 1");
    }
    assertNothingLeft();
  }

  @Test
  void probation_newerVersion_isComparedWithTheOneOnProbation() throws Exception {
    try (var model = start("seed=1", Rollout.canary(WATCHED))) {
      publish("2", "seed=2");
      drive(model, "live 2 after 1");
      publish("3", "seed=3");
      drive(model, "live 3 after 2");
      assertThat(Clockwork.timer().getQueue()).as("one poll, one comparison").hasSizeLessThan(4);
    }
    assertNothingLeft();
  }

  @Test
  void probation_oldVersionRejected_endsAndTheNewServes() throws Exception {
    try (var model = start("seed=1", Rollout.canary(WATCHED))) {
      publish("2", "failAfter=50000");
      drive(model, "live 2 after 1");
      model.reject("1", "not wanted");
      await("retired 1");
      assertThat(model.predictor().predict(3L)).isEqualTo(3.0);
      assertThat(version(model, "2").state()).isEqualTo(State.LIVE);
    }
    assertNothingLeft();
  }

  @Test
  void canary_newerVersion_endsItAndIsComparedInstead() throws Exception {
    try (var model = start("seed=1", Rollout.canary(ERRORS))) {
      publish("2", "seed=2");
      drive(model, "state 2 CANARY");
      publish("3", "seed=3");
      drive(model, "state 2 AVAILABLE");
      assertThat(version(model, "2").reason()).isEqualTo("superseded by v3");
      drive(model, "state 3 CANARY");
      drive(model, "live 3 after 1");
      assertThat(failures).isZero();
    }
    assertNothingLeft();
  }

  @Test
  void rollback_duringACanary_comparesItWithWhatServesThen() throws Exception {
    CanaryOptions options = WATCHED.withProbation(Duration.ZERO);
    try (var model = start("seed=1", Rollout.canary(options))) {
      publish("2", "seed=2");
      drive(model, "live 2 after 1");
      publish("3", "seed=3");
      awaitCanary(model, "3");
      assertThat(model.rollback("an operator says so").version()).isEqualTo("1");
      assertThat(version(model, "2").state()).isEqualTo(State.REJECTED);
      await("state 3 AVAILABLE");
      awaitCanary(model, "3");
      drive(model, "live 3 after 1");
      assertThat(version(model, "3").attempts()).isEqualTo(2);
    }
    assertNothingLeft();
  }

  @Test
  void close_duringACanary_leavesNothing() throws Exception {
    Deployment<Long, Object> model = start("seed=1", Rollout.canary(ERRORS));
    publish("2", "seed=2");
    drive(model, "state 2 CANARY");
    for (int i = 0; i < 500; i++) {
      call(model, "1");
    }
    model.close();
    assertNothingLeft();
    assertThat(failures).isZero();
  }

  @Test
  void shadow_worseCandidate_isShownAndNothingIsDecided() throws Exception {
    try (var model = start("seed=1", Rollout.shadow(WATCHED))) {
      publish("2", "seed=2 errors=1");
      awaitCanary(model, "2");
      driveUntil(model, Verdict.ROLL_BACK);
      assertThat(version(model, "2").state()).isEqualTo(State.CANARY);
      assertThat(failures).isZero();
      model.reject("2", "looks bad");
      await("failed 2 looks bad");
      publish("3", "seed=3");
      awaitCanary(model, "3");
      driveUntil(model, Verdict.PROMOTE);
      assertThat(version(model, "3").state()).isEqualTo(State.CANARY);
      assertThat(model.promote().version()).isEqualTo("3");
      await("live 3 after 1");
      assertThat(model.predictor().predict(3L)).isEqualTo(3.0);
    }
    assertNothingLeft();
  }

  private void driveUntil(Deployment<Long, Object> model, Verdict verdict) {
    for (int i = 0; i < 2_000; i++) {
      for (int j = 0; j < 64; j++) {
        call(model, "1");
      }
      if (model.status().canary().orElseThrow().verdict() == verdict) {
        return;
      }
    }
    throw new AssertionError("waiting for " + verdict + ": " + model.status());
  }
}
