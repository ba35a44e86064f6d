package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.inflight.CallOptions;
import dev.inflight.DeadlineExceededException;
import dev.inflight.ModelInfo;
import dev.inflight.ModelSlot;
import dev.inflight.Prediction;
import dev.inflight.Resident;
import dev.inflight.deploy.CanaryOptions.Margin;
import dev.inflight.deploy.CanaryOptions.Signal;
import dev.inflight.deploy.CanaryReport.Verdict;
import dev.inflight.tensor.Signature;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Which callers see the candidate, and what they get. */
@Timeout(60)
class RampTest extends CanaryFixture {
  private static final int KEYS = 4_000;
  private static final Duration STEP = Duration.ofHours(1);
  private static final CanaryOptions SAMPLED = ERRORS.withSampleShare(.01);

  @TempDir Path elsewhere;

  private List<String> versionsOfKeys(Deployment<Long, Object> model) {
    List<String> versions = new ArrayList<>();
    for (int key = 0; key < KEYS; key++) {
      CallOptions options = CallOptions.defaults().withKey("user-" + key);
      versions.add(model.predictor().call((long) key, options).model().version());
    }
    return versions;
  }

  private static double share(List<String> versions) {
    return versions.stream().filter("2"::equals).count() / (double) versions.size();
  }

  @Test
  void ramp_sameKey_seesTheSameVersionAcrossARestart() throws Exception {
    Rollout rollout = Rollout.canary(SAMPLED).withRamp(STEP, .2, .5);
    List<String> first;
    try (var model = start("seed=1", rollout)) {
      publish("2", "seed=2");
      awaitCanary(model, "2");
      first = versionsOfKeys(model);
      assertThat(versionsOfKeys(model)).isEqualTo(first);
    }
    // four standard deviations of a share of 4,000
    assertThat(share(first)).isCloseTo(.2, within(4 * Math.sqrt(.2 * .8 / KEYS)));
    publish(elsewhere, "1", "seed=1");
    try (var model = model(elsewhere, rollout).start()) {
      publish(elsewhere, "2", "seed=2");
      awaitCanary(model, "2");
      assertThat(versionsOfKeys(model)).isEqualTo(first);
    }
    assertNothingLeft();
  }

  @Test
  void ramp_noKeys_areDividedAtRandom() throws Exception {
    try (var model = start("seed=1", Rollout.canary(SAMPLED).withRamp(STEP, .25))) {
      publish("2", "seed=2");
      awaitCanary(model, "2");
      int calls = 8_000;
      int seen = 0;
      int changes = 0;
      boolean before = false;
      for (int i = 0; i < calls; i++) {
        boolean now = call(model, "1").orElseThrow().model().version().equals("2");
        seen += now ? 1 : 0;
        changes += now == before ? 0 : 1;
        before = now;
      }
      assertThat(seen / (double) calls).isCloseTo(.25, within(4 * Math.sqrt(.25 * .75 / calls)));
      assertThat(changes / (double) calls).isCloseTo(2 * .25 * .75, within(.04));
    }
    assertNothingLeft();
  }

  private Resident<Long, Object> admit(ModelSlot<Long, Object> slot, String version) {
    ModelInfo info =
        new ModelInfo(
            "m", version, "script", new Signature(List.of(), List.of()), "d" + version, Map.of());
    return slot.admit(loader.model(info, "seed=" + version));
  }

  @Test
  void ramp_grows_keysMoveToTheCandidateOnly() {
    Rollout.Canary rollout = Rollout.canary(ERRORS).withRamp(STEP, .01, .05, .25);
    try (ModelSlot<Long, Object> slot = ModelSlot.empty("m", lanes)) {
      Ramp<Long, Object> ramp = new Ramp<>(admit(slot, "2"), rollout);
      int[] seen = new int[4];
      for (int key = 0; key < KEYS; key++) {
        CallOptions options = CallOptions.defaults().withKey("user-" + key);
        boolean before = false;
        for (int hour = 0; hour < 4; hour++) {
          boolean now = ramp.shows(options, STEP.multipliedBy(hour));
          assertThat(now || !before).isTrue();
          seen[hour] += now ? 1 : 0;
          before = now;
        }
      }
      assertThat(seen[0] / (double) KEYS).isCloseTo(.01, within(.007));
      assertThat(seen[1] / (double) KEYS).isCloseTo(.05, within(.014));
      assertThat(seen[2] / (double) KEYS).isCloseTo(.25, within(.028));
      assertThat(seen[3]).isEqualTo(seen[2]);
    }
  }

  @Test
  void ramp_withdrawnCandidate_isAnsweredByWhatServes() throws Exception {
    try (ModelSlot<Long, Object> slot = ModelSlot.empty("m", lanes)) {
      slot.serve(admit(slot, "1"));
      Resident<Long, Object> candidate = admit(slot, "2");
      Ramp<Long, Object> ramp = new Ramp<>(candidate, Rollout.canary(ERRORS).withRamp(STEP, .5));
      assertThat(ramp.submit(3L, CallOptions.defaults(), slot.predictor()).get().model().version())
          .isEqualTo("2");
      candidate.release().get(10, TimeUnit.SECONDS);
      assertThat(ramp.call(3L, CallOptions.defaults(), slot.predictor()).model().version())
          .isEqualTo("1");
      assertThat(ramp.submit(3L, CallOptions.defaults(), slot.predictor()).get().model().version())
          .isEqualTo("1");
    }
  }

  @Test
  void ramp_candidateRejectedUnderLoad_noCallerSeesAnError() throws Exception {
    ExecutorService callers = Executors.newFixedThreadPool(2);
    try (var model = start("seed=1", Rollout.canary(ERRORS).withRamp(STEP, .5))) {
      for (int round = 2; round < 8; round++) {
        publish("" + round, "seed=" + round);
        awaitCanary(model, "" + round);
        List<Future<Integer>> answers = new ArrayList<>();
        answers.add(callers.submit(() -> callMany(model, false)));
        answers.add(callers.submit(() -> callMany(model, true)));
        for (int i = 0; i < 200; i++) {
          call(model, "1");
        }
        model.reject("" + round, "withdrawn");
        for (Future<Integer> answer : answers) {
          assertThat(answer.get(20, TimeUnit.SECONDS)).isEqualTo(2_000);
        }
        await("retired " + round);
      }
    } finally {
      callers.shutdownNow();
    }
    assertNothingLeft();
  }

  private static int callMany(Deployment<Long, Object> model, boolean async) throws Exception {
    int answers = 0;
    for (long i = 0; i < 2_000; i++) {
      Prediction<Object> answer =
          async
              ? model.predictor().submit(i).get(10, TimeUnit.SECONDS)
              : model.predictor().call(i, CallOptions.defaults());
      answers += answer.value().equals(1.0 * i) ? 1 : 0;
    }
    return answers;
  }

  @Test
  void ramp_notOver_noPromotionButARegressionCounts() throws Exception {
    CanaryOptions quick = ERRORS.with(Signal.ERRORS, new Margin(0, .05));
    try (var model = start("seed=1", Rollout.canary(quick).withRamp(STEP, 1e-9))) {
      publish("2", "failAfter=20000");
      drive(model, "failed 2 ROLL_BACK: errors proven worse");
      CanaryReport report = model.status().canary().orElseThrow();
      assertThat(report.verdict()).isEqualTo(Verdict.ROLL_BACK);
      assertThat(report.pairs()).as("enough for a promotion").isGreaterThan(2_000);
    }
    assertNothingLeft();
  }

  @Test
  void ramp_callsThatAreTooLateOnTheCandidateOnly_rollItBack() throws Exception {
    CallOptions hurried = CallOptions.timeout(Duration.ofMillis(20));
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    try (var model = start("seed=1", Rollout.canary(ERRORS).withRamp(STEP, .5))) {
      publish("2", "seed=2 slow=.2");
      awaitCanary(model, "2");
      String event = "";
      for (long i = 0; !event.startsWith("failed 2") && System.nanoTime() < end; i++) {
        try {
          model.predictor().call(i, hurried);
        } catch (DeadlineExceededException e) {
          failures++;
        }
        String next = events.poll();
        event = next == null ? "" : next;
      }
      assertThat(event).startsWith("failed 2 ROLL_BACK: errors proven worse");
      assertThat(failures).isPositive();
      CanaryReport.SignalReport errors = model.status().canary().orElseThrow().signals().get(0);
      System.out.println("too late: " + errors);
      assertThat(errors.worse()).isGreaterThan(errors.better());
      await("retired 2"); // after its last run
    }
    assertNothingLeft();
  }

  /** Nine callers of ten see what serves, so more of its late calls are seen. */
  @Test
  void ramp_callsThatAreTooLateOnBoth_tellNothing() throws Exception {
    CallOptions hurried = CallOptions.timeout(Duration.ofMillis(20));
    try (var model = start("seed=1 slow=.1", Rollout.canary(ERRORS).withRamp(STEP, .1))) {
      publish("2", "seed=1 slow=.1 evil=0");
      awaitCanary(model, "2");
      for (long i = 0; i < 400; i++) {
        try {
          model.predictor().call(i, hurried);
        } catch (DeadlineExceededException e) {
          failures++;
        }
      }
      assertThat(failures).isPositive();
      CanaryReport report = model.status().canary().orElseThrow();
      assertThat(report.verdict()).isEqualTo(Verdict.PENDING);
      assertThat(report.signals().get(0).better()).as("of some 40").isLessThan(15);
    }
    assertNothingLeft();
  }

  @Test
  void canary_signalThatNobodyMeasures_isRefusedByName() {
    assertThatThrownBy(() -> Rollout.canary(ERRORS.with(Signal.METRIC, .1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("METRIC");
  }
}
