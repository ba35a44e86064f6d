package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.deploy.CanaryOptions.Margin;
import dev.inflight.deploy.CanaryOptions.Signal;
import dev.inflight.deploy.CanaryReport.Verdict;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** From counts to verdicts. */
class TrialTest {
  private static final CanaryOptions ERRORS = CanaryOptions.defaults().without(Signal.LATENCY);
  private static final Pair SAME = Pair.answered(1_000, 1_000, 5_000, false);

  private final AtomicLong now = new AtomicLong();

  private Trial trial(CanaryOptions options, int attempt) {
    return new Trial(Panel.of(options), options, attempt, now::get);
  }

  private Trial resume(CanaryOptions options, Map<String, String> state) {
    return Trial.resume(Panel.of(options), options, state, now::get, elapsed -> true);
  }

  private static long[] row(CanaryOptions options, int pairs, Supplier<Pair> next) {
    Panel panel = Panel.of(options);
    long[] row = new long[panel.width()];
    for (int i = 0; i < pairs; i++) {
      panel.count(next.get(), (index, times) -> row[index] += times);
    }
    return row;
  }

  /** Pairs until the verdict, in epochs of 64. */
  private static long until(Trial trial, CanaryOptions options, Supplier<Pair> next) {
    Verdict verdict = Verdict.PENDING;
    while (verdict == Verdict.PENDING) {
      verdict = trial.add(row(options, 64, next));
    }
    return trial.report().pairs();
  }

  @Test
  void verdict_identicalVersions_isPromote() {
    CanaryOptions options = CanaryOptions.defaults();
    Trial trial = trial(options, 1);
    assertThat(until(trial, options, () -> SAME)).isEqualTo(17 * 64); // 1,031 would do
    assertThat(trial.verdict()).isEqualTo(Verdict.PROMOTE);
    assertThat(trial.add(row(options, 640, () -> Pair.failed(false, true))))
        .as("a verdict stays")
        .isEqualTo(Verdict.PROMOTE);
    assertThat(trial.report().pairs()).isEqualTo(17 * 64);
  }

  @Test
  void verdict_candidateFails_isRollBack() {
    CanaryOptions options = CanaryOptions.defaults();
    Trial trial = trial(options, 1);
    assertThat(until(trial, options, () -> Pair.failed(false, true))).isEqualTo(64);
    assertThat(trial.report().reason()).isEqualTo("errors proven worse over all 64");
    assertThat(until(trial(options, 1), options, () -> Pair.answered(10, 12, 0, false)))
        .isEqualTo(64);
  }

  @Test
  void verdict_everySignalButOne_staysPending() {
    CanaryOptions options = ERRORS.with(Signal.CORRECTNESS, .01).withDeadline(5_000, hours(1));
    Trial trial = trial(options, 1);
    assertThat(until(trial, options, () -> SAME)).isEqualTo(5_056);
    assertThat(trial.verdict()).isEqualTo(Verdict.UNDECIDED);
    assertThat(trial.report().signals().get(1).units()).isZero();
    assertThat(trial.report().signals().get(1).promote().orElseThrow().more()).isEmpty();
  }

  @Test
  void verdict_matureLabels_promote() {
    CanaryOptions options = ERRORS.with(Signal.CORRECTNESS, .01);
    Trial trial = trial(options, 1);
    trial.add(row(options, 6_400, () -> SAME));
    Labels<String> labels = new Labels<>(1_000, 10, now::get);
    for (int id = 0; id < 1_000; id++) {
      labels.start(id);
      labels.answered(id, "a", "a");
      labels.label(id, "a");
    }
    trial.add(labels);
    assertThat(trial.verdict()).isEqualTo(Verdict.PENDING);
    now.set(11);
    trial.add(labels);
    assertThat(trial.verdict()).isEqualTo(Verdict.PROMOTE);
    assertThat(trial.report().signals().get(1).units()).as("514 are enough").isEqualTo(514);
  }

  @Test
  void verdict_atTheDeadline_isUndecidedAndMayGoOn() {
    CanaryOptions options = ERRORS.withDeadline(100_000, hours(1));
    Trial trial = trial(options, 1);
    trial.add(row(options, 640, () -> SAME));
    now.set(hours(1).toNanos());
    assertThat(trial.verdict()).isEqualTo(Verdict.UNDECIDED);
    CanaryOptions longer = options.withDeadline(100_000, hours(2));
    Trial resumed = resume(longer, trial.state());
    assertThat(resumed.verdict()).isEqualTo(Verdict.PENDING);
    assertThat(resumed.add(row(options, 400, () -> SAME))).isEqualTo(Verdict.PROMOTE);
  }

  @Test
  void attempts_sameBytesAgain_needMore() {
    assertThat(needed(1)).isCloseTo(20, org.assertj.core.api.Assertions.within(1e-9));
    assertThat(needed(2)).isCloseTo(120, org.assertj.core.api.Assertions.within(1e-9));
    assertThat(needed(3)).isCloseTo(240, org.assertj.core.api.Assertions.within(1e-9));
    assertThatThrownBy(() -> trial(ERRORS, 0)).hasMessageContaining("an attempt from 1");
  }

  private double needed(int attempt) {
    return trial(ERRORS, attempt).report().signals().get(0).promote().orElseThrow().needed();
  }

  @Test
  void verdict_requestsGoElsewhere_holdsUntilProvenWorse() {
    CanaryOptions options = ERRORS.with(Signal.SPLIT_ERRORS, .01);
    Panel panel = Panel.of(options, .05, .25);
    Trial trial = new Trial(panel, options, 1, now::get);
    long[] row = new long[panel.width()];
    for (int i = 0; i < 10_000; i++) {
      panel.request(1, i % 5 == 0, false, (index, times) -> row[index] += times);
    }
    assertThat(trial.add(row)).isEqualTo(Verdict.HOLD);
    assertThat(trial.report().signals().get(2).toString())
        .startsWith("traffic split: 2,000 v 8,000 in 10,000, -5.00 %")
        .contains("not divided as it should be");
    long[] failures = new long[panel.width()];
    for (int i = 0; i < 64; i++) {
      panel.count(Pair.failed(false, true), (index, times) -> failures[index] += times);
    }
    assertThat(trial.add(failures)).isEqualTo(Verdict.ROLL_BACK);
  }

  @Test
  void verdict_fairSplit_doesNotHold() {
    CanaryOptions options = CanaryOptions.defaults().with(Signal.SPLIT_ERRORS, .01);
    Panel panel = Panel.of(options, .25);
    Trial trial = new Trial(panel, options, 1, now::get);
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 1_000; i++) {
      long[] row = new long[panel.width()];
      for (int j = 0; j < 10; j++) {
        panel.request(0, random.nextInt(4) == 0, false, (index, times) -> row[index] += times);
      }
      assertThat(trial.add(row)).isEqualTo(Verdict.PENDING);
    }
  }

  @Test
  void state_writtenAndReadAnywhere_givesTheSameReport() {
    CanaryOptions options =
        CanaryOptions.defaults()
            .with(Signal.METRIC, .02)
            .with(Signal.DISAGREEMENT, .01)
            .with(Signal.LATENCY_TAIL, .005);
    long seed = System.nanoTime();
    System.out.println("trial state: seed " + seed);
    SplittableRandom random = new SplittableRandom(seed);
    Supplier<Pair> next =
        () ->
            random.nextInt(50) == 0
                ? Pair.failed(random.nextBoolean(), true)
                : Pair.answered(100, 90 + random.nextInt(20), 105, random.nextInt(200) == 0)
                    .withHarm(random.nextDouble() - .5);
    Trial whole = trial(options, 2);
    Trial broken = trial(options, 2);
    for (int epoch = 0; epoch < 400; epoch++) {
      long[] row = row(options, 64, next);
      whole.add(row);
      broken.add(row);
      if (random.nextInt(10) == 0) {
        Map<String, String> state = new HashMap<>(broken.state());
        broken = resume(options, state);
        assertThat(broken.state()).isEqualTo(state);
      }
    }
    assertThat(broken.state()).isEqualTo(whole.state());
    assertThat(broken.report()).isEqualTo(whole.report());
  }

  /** So the level is that of one trial, of fewer pairs. */
  @Test
  void resume_afterCrashes_isTheTrialOfTheRowsThatWereWritten() {
    CanaryOptions options = ERRORS.withDeadline(Long.MAX_VALUE, hours(1));
    long seed = System.nanoTime();
    System.out.println("crashes: seed " + seed);
    SplittableRandom random = new SplittableRandom(seed);
    for (int run = 0; run < 20; run++) {
      List<long[]> counted = new ArrayList<>();
      Trial trial = new Trial(Panel.of(options), options, 1, now::get, elapsed -> false);
      Map<String, String> written = trial.state();
      int writtenRows = 0;
      for (int epoch = 0; epoch < 400; epoch++) {
        long[] row = row(options, 64, () -> failing(random));
        trial.add(row);
        counted.add(row);
        if (random.nextInt(8) == 0) {
          written = trial.state();
          writtenRows = counted.size();
        }
        if (random.nextInt(20) == 0) {
          trial = Trial.resume(Panel.of(options), options, written, now::get, elapsed -> false);
          counted.subList(writtenRows, counted.size()).clear();
        }
      }
      Trial whole = new Trial(Panel.of(options), options, 1, now::get, elapsed -> false);
      counted.forEach(whole::add);
      assertThat(trial.state()).isEqualTo(whole.state());
      assertThat(trial.report()).isEqualTo(whole.report());
    }
  }

  /** Each version alone fails one row in ten. */
  private static Pair failing(SplittableRandom random) {
    boolean live = random.nextInt(10) == 0;
    boolean candidate = random.nextInt(10) == 0;
    return live || candidate ? Pair.failed(live, candidate) : SAME;
  }

  @Test
  void resume_stateOfOtherLimits_isRefused() {
    Map<String, String> state = trial(ERRORS, 1).state();
    CanaryOptions other = ERRORS.with(Signal.ERRORS, .01);
    assertThatThrownBy(() -> resume(other, state))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("ERRORS: expected counts of")
        .hasMessageContaining("0.005");
    assertThatThrownBy(() -> resume(ERRORS, Map.of()))
        .hasMessageContaining("expected attempt, got none");
  }

  /** The sentence of the documentation, from the counts it was made of. */
  @Test
  void report_knownCounts_readsAsDocumented() {
    CanaryOptions options = ERRORS.withDeadline(1_000_000, hours(1));
    Trial trial = trial(options, 1);
    trial.add(new long[] {97_900, 1_100, 1_000});
    assertThat(trial.report().toString())
        .isEqualTo(
            "PROMOTE after 100,000 pairs in 0 s: every margin is excluded\n"
                + "  errors: 1,100 v 1,000 in 100,000, +0.10 % (95 %: -0.06 .. +0.26 %); "
                + "worse by 0.5 % is excluded (E = 4e13 >= 20); "
                + "worse is not proven: E = 2.4 of 200 needed, at this rate 205,941 more");
  }

  @Test
  void pair_withAFailure_countsForErrorsOnly() {
    CanaryOptions options = ERRORS.with(Signal.DISAGREEMENT, .01).with(Signal.LATENCY, .1);
    assertThat(row(options, 1, () -> Pair.failed(true, false)))
        .containsExactly(0, 0, 1, 0, 0, 0, 0);
    assertThat(row(options, 1, () -> Pair.answered(100, 111, 0, true)))
        .containsExactly(1, 0, 0, 0, 1, 0, 1);
    assertThat(row(options, 1, () -> Pair.answered(100, 110, 0, true).untimed()))
        .containsExactly(1, 0, 0, 0, 1, 0, 0);
  }

  @Test
  void selfCheck_fairPath_isNotAccusedAndABiasIs() {
    assertThat(windowsUntilAccused(.5, 400)).isEqualTo(400);
    assertThat(windowsUntilAccused(.54, 400)).isBetween(2L, 20L);
  }

  /** The chance that the second of two equal copies is slower; 4 points are a bias of the order. */
  private long windowsUntilAccused(double slower, int atMost) {
    CanaryOptions options =
        CanaryOptions.defaults()
            .without(Signal.ERRORS)
            .with(Signal.LATENCY, .1) // whatever it is
            .withDeadline(Long.MAX_VALUE, hours(1));
    SelfCheck check = new SelfCheck(options, now::get);
    SplittableRandom random = new SplittableRandom(7);
    boolean accused = false;
    while (!accused && check.windows() < atMost) {
      long[] row = new long[2];
      for (int i = 0; i < 64; i++) {
        row[random.nextDouble() < slower ? 1 : 0]++;
      }
      accused = check.add(row) == Verdict.HOLD;
    }
    System.out.printf("self check: %d of %d windows fired%n", check.fired(), check.windows());
    return check.windows();
  }

  @Test
  void options_outOfRange_areRefused() {
    CanaryOptions options = CanaryOptions.defaults();
    assertThatThrownBy(() -> options.withSampleShare(0)).hasMessageContaining("sampleShare");
    assertThatThrownBy(() -> options.withAlpha(.05, 1)).hasMessageContaining("alphaRollback");
    assertThatThrownBy(() -> options.withDeadline(0, hours(1))).hasMessageContaining("maxPairs");
    assertThatThrownBy(() -> options.withDeadline(1, Duration.ZERO))
        .hasMessageContaining("deadline");
    assertThatThrownBy(() -> options.with(Signal.ERRORS, 0)).hasMessageContaining("ERRORS margin");
    assertThatThrownBy(() -> new Margin(.2, .1)).hasMessageContaining("0.2, 0.1");
    assertThatThrownBy(() -> options.with(Signal.LATENCY, new Margin(0, .1)))
        .hasMessageContaining("one limit");
    assertThatThrownBy(() -> ERRORS.without(Signal.ERRORS)).hasMessageContaining("signals");
    assertThat(options.withMaturity(hours(2)).withProbation(hours(3)).with(Signal.LATENCY, .1))
        .isEqualTo(options.withProbation(hours(3)).withMaturity(hours(2)));
  }

  private static Duration hours(int hours) {
    return Duration.ofHours(hours);
  }
}
