package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.deploy.CanaryOptions.Signal;
import dev.inflight.deploy.CanaryReport.Verdict;
import dev.inflight.deploy.DeploymentStatus.State;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What serves beside itself, on the calls that come. */
@Timeout(60)
class SelfCheckTest extends CanaryFixture {
  private static final CanaryOptions OPTIONS =
      ERRORS.with(Signal.LATENCY, .1).with(Signal.DISAGREEMENT, .01);

  private CanaryReport driveToTheEnd(Deployment<Long, Object> model) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    CanaryReport report = model.status().canary().orElseThrow();
    while (report.verdict() == Verdict.PENDING && System.nanoTime() < end) {
      for (int i = 0; i < 64; i++) {
        call(model, "1");
      }
      report = model.status().canary().orElseThrow();
    }
    return report;
  }

  @Test
  void selfCheck_fairModel_isQuietAndNothingIsDecided() throws Exception {
    CanaryOptions brief = OPTIONS.withDeadline(5_000, OPTIONS.deadline());
    try (var model = start("seed=1 errors=.02 wrong=.05", Rollout.immediate())) {
      await("live 1");
      model.selfCheck(Rollout.canary(brief));
      assertThat(model.status().canary().orElseThrow().reason())
          .startsWith("self-check: quiet so far: a difference was proven in 0 of 0 windows");
      CanaryReport report = driveToTheEnd(model);
      System.out.println(report);
      assertThat(report.verdict()).isEqualTo(Verdict.UNDECIDED);
      assertThat(report.reason())
          .startsWith("self-check: over, and quiet: a difference was proven");
      assertThat(report.reason()).contains("of 2 windows of 2,000 pairs");
      assertThat(report.pairs()).isGreaterThanOrEqualTo(5_000);
      assertThat(report.signals()).hasSize(3);
      assertThat(report.signals().get(0).worse()).as("fails where it failed").isZero();
      assertThat(failures).as("callers see what they would have seen").isPositive();
      assertThat(events).as("nothing has moved").isEmpty();
      assertThat(version(model, "1").state()).isEqualTo(State.LIVE);
    }
    assertNothingLeft();
  }

  @Test
  void selfCheck_modelThatRemembers_isAlarm() throws Exception {
    try (var model = start("again=1", Rollout.immediate())) {
      await("live 1");
      model.selfCheck(Rollout.canary(OPTIONS));
      CanaryReport report = driveToTheEnd(model);
      System.out.println(report);
      assertThat(report.verdict()).isEqualTo(Verdict.HOLD);
      assertThat(report.reason())
          .startsWith("self-check: ALARM, do not trust a canary here: a difference was proven in")
          .contains("{ERRORS=");
      assertThat(report.pairs()).isLessThan(30_000);
      assertThat(events).as("nothing has moved").isEmpty();
      assertThat(failures).isZero();
      for (int i = 0; i < 1_000; i++) {
        call(model, "1");
      }
      long pairs = model.status().canary().orElseThrow().pairs();
      assertThat(pairs).as("it has ended").isLessThanOrEqualTo(report.pairs() + 2_000);
    }
    assertNothingLeft();
  }

  @Test
  void selfCheck_newVersion_endsItAndIsComparedOrServes() throws Exception {
    try (var model = start("seed=1", Rollout.canary(ERRORS))) {
      model.selfCheck(Rollout.canary(OPTIONS));
      assertThat(model.status().canary().orElseThrow().signals()).hasSize(3);
      publish("2", "seed=2");
      awaitCanary(model, "2");
      assertThat(model.status().canary().orElseThrow().signals()).as("of the canary").hasSize(1);
      assertThatThrownBy(() -> model.selfCheck(Rollout.canary(OPTIONS)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("v2 beside model v1");
      drive(model, "live 2 after 1");
      model.selfCheck(Rollout.canary(OPTIONS));
      assertThat(model.rollback("an operator says so").version()).isEqualTo("1");
      assertThat(model.status().canary().orElseThrow().reason()).startsWith("self-check: quiet");
    }
    assertNothingLeft();
  }

  @Test
  void selfCheck_nothingServesOrClosed_isRefused() throws Exception {
    Deployment<Long, Object> model = model(root, Rollout.immediate()).startAsync();
    try (model) {
      assertThatThrownBy(() -> model.selfCheck(Rollout.canary(OPTIONS)))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage(
              "model: self-check: expected a version that serves and is not compared with another,"
                  + " got none");
    }
    assertThatThrownBy(() -> model.selfCheck(Rollout.canary(OPTIONS)))
        .hasMessage("model: expected an open deployment");
    assertNothingLeft();
  }
}
