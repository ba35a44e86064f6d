package dev.inflight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.inflight.BatchingReport.Mode;
import java.time.Duration;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is decided from what runs cost where a hand-off costs 8 us. */
@Timeout(60)
class BatchingRuleTest {
  private static final long SECOND = 1_000_000_000;

  private static final double HAND_OFF = 8_000;

  private final BatchingRule rule = rule(Batching.auto());

  private static BatchingRule rule(Batching batching) {
    return new BatchingRule(batching, 2, HandOff.of(HAND_OFF));
  }

  private static RunCost fresh(BatchingRule rule) {
    RunCost cost = new RunCost();
    rule.follow(cost);
    return cost;
  }

  private static void learn(BatchingRule rule, double fixed, double row) {
    learn(rule, fresh(rule), fixed, row);
  }

  private static void learn(BatchingRule rule, RunCost cost, double fixed, double row) {
    for (int i = 0; i < 16; i++) {
      rule.observeOwn(cost, (long) (fixed + row), 0);
      rule.observe(cost, 16, (long) (fixed + 16 * row), 0);
    }
  }

  private static Mode mode(BatchingRule rule) {
    return rule.report().mode();
  }

  @ParameterizedTest
  @CsvSource({
    "100, 3000, DIRECT", // a tree: a batch saves nothing
    "300000, 10000, BATCHED",
    "40000, 2000, BATCHED",
    "100, 2000000, QUEUED" // long runs that gain nothing
  })
  void decide_costIsKnown_batchesOnlyWhatPays(double fixed, double row, Mode expected) {
    assertThat(mode(rule)).isEqualTo(Mode.LEARNING);
    learn(rule, fixed, row);
    assertThat(mode(rule)).isEqualTo(expected);
    assertThat(rule.isDirect()).isEqualTo(expected == Mode.DIRECT);
  }

  @Test
  void decide_onlySingleRowsAndCheap_isDirectForNoBatchCouldPay() {
    RunCost cost = fresh(rule);
    for (int i = 0; i < 4; i++) {
      rule.observe(cost, 1, 500, 0);
    }
    assertThat(mode(rule)).isEqualTo(Mode.DIRECT);
  }

  @Test
  void decide_onlySingleRowsAndNotCheap_goesOnLearning() {
    RunCost cost = fresh(rule);
    for (int i = 0; i < 100; i++) {
      rule.observe(cost, 1, 100_000, 0);
    }
    assertThat(mode(rule)).isEqualTo(Mode.LEARNING);
  }

  @Test
  void decide_maxBatchIsOne_neverBatches() {
    BatchingRule cheap = rule(Batching.auto().withMaxBatch(1));
    learn(cheap, 20_000, 1_000);
    assertThat(mode(cheap)).isEqualTo(Mode.DIRECT);
    BatchingRule costly = rule(Batching.auto().withMaxBatch(1));
    learn(costly, 2_000_000, 1_000_000);
    assertThat(mode(costly)).isEqualTo(Mode.QUEUED);
  }

  @Test
  void decide_delayWanted_nothingRunsOnItsCaller() {
    BatchingRule delayed = rule(Batching.auto().withMaxDelay(Duration.ofMillis(1)));
    learn(delayed, 100, 3_000);
    assertThat(mode(delayed)).isEqualTo(Mode.QUEUED);
    assertThat(delayed.runsOnCaller()).isFalse();
  }

  @Test
  void decide_savingAtTheEdge_doesNotChangeItsMind() {
    double edge = BatchingRule.PAYS * HAND_OFF;
    RunCost cost = fresh(rule);
    Mode[] modes = new Mode[5];
    double[] savings = {0.5 * edge, 1.08 * edge, 1.3 * edge, 0.92 * edge, 0.7 * edge};
    for (int i = 0; i < savings.length; i++) {
      learn(rule, cost, savings[i] * 16 / 15, 1_000);
      modes[i] = mode(rule);
    }
    assertThat(modes)
        .containsExactly(Mode.DIRECT, Mode.DIRECT, Mode.BATCHED, Mode.BATCHED, Mode.DIRECT);
  }

  @Test
  void follow_anotherVersion_isJudgedByItsOwnRuns() {
    RunCost before = fresh(rule);
    learn(rule, before, 300_000, 10_000);
    rule.follow(new RunCost());
    assertThat(mode(rule)).as("until it has run").isEqualTo(Mode.BATCHED);
    for (int i = 0; i < 64; i++) {
      rule.observe(before, 1, 100, 0);
    }
    assertThat(mode(rule)).as("runs of the old version").isEqualTo(Mode.BATCHED);
    learn(rule, 100, 3_000);
    assertThat(mode(rule)).isEqualTo(Mode.DIRECT);
  }

  @ParameterizedTest
  @CsvSource({
    "100000, 100000, 64", // 50 rows make the fixed part 2 %
    "1000000, 100000, 256", // 500
    "10000, 100000, 8", // 5: but never less than 8
    "10000000, 100, 256" // never more than allowed
  })
  void cap_noLoad_isWhereTheFixedPartStopsToMatter(double fixed, double row, int expected) {
    learn(rule, fixed, row);
    assertThat(rule.cap()).isEqualTo(expected);
  }

  @Test
  void cap_fitAsksForMore_neverExceedsMaxBatch() {
    BatchingRule small = rule(Batching.auto().withMaxBatch(48));
    assertThat(small.cap()).isEqualTo(48);
    learn(small, 10_000_000, 100);
    assertThat(small.cap()).isEqualTo(48);
  }

  /** A load that the lanes could carry with batches large enough is carried. */
  @Test
  void cap_anyLoadThatFits_isCarried() {
    long seed = System.nanoTime();
    System.out.println("batching rule: seed " + seed);
    Random random = new Random(seed);
    for (int i = 0; i < 2_000; i++) {
      BatchingRule each = rule(Batching.auto());
      double row = 1_000 + random.nextInt(1_000_000);
      double fixed = random.nextInt(10_000_000);
      double most = 2 * 256 / (fixed + 256 * row); // rows per nanosecond of both lanes
      double rate = 0.79 * most * random.nextDouble();
      each.ranDirectly(1, 0, 1);
      each.ranDirectly((int) Math.round(rate * 1e10), 0, 1 + 10 * SECOND);
      learn(each, fixed, row);
      assertThat(each.cap()).isBetween(1, 256);
      double carried = 2.0 * each.cap() / (fixed + each.cap() * row);
      assertThat(carried)
          .as("fixed %s, row %s, rate %s, cap %s", fixed, row, rate, each.cap())
          .isGreaterThanOrEqualTo(rate);
    }
  }

  @Test
  void maybeProbe_direct_sendsRowsThroughTheQueueNowAndThen() {
    learn(rule, 100, 3_000);
    rule.ranDirectly(0, 0, SECOND / 2);
    assertThat(rule.isDirect()).isTrue();
    rule.ranDirectly(0, 0, SECOND + 1);
    assertThat(rule.isDirect()).isFalse();
    rule.served(40, 0, 0);
    assertThat(rule.isDirect()).isFalse();
    rule.served(40, 0, 0);
    assertThat(rule.isDirect()).isTrue();
    rule.ranDirectly(0, 0, SECOND + 2);
    assertThat(rule.isDirect()).isTrue();
    rule.ranDirectly(0, 0, 2 * SECOND + 3);
    assertThat(rule.isDirect()).isFalse();
  }

  @Test
  void served_savingIsInDoubt_letsACrowdRunDirectlyOnceASecond() {
    learn(rule, 12_000, 1_000);
    assertThat(mode(rule)).isEqualTo(Mode.BATCHED);
    rule.served(8, 0, SECOND);
    assertThat(rule.isProbingDirect()).isTrue();
    int direct = 0;
    while (rule.isDirect()) {
      direct++;
    }
    assertThat(direct).isEqualTo(1024);
    rule.served(8, 0, SECOND + 1);
    assertThat(rule.isDirect()).isFalse();
    rule.served(8, 0, 2 * SECOND + 2);
    assertThat(rule.isDirect()).isTrue();
  }

  @Test
  void served_nobodyRanAlone_letsAFewAfterEachBatch() {
    RunCost cost = fresh(rule);
    for (int round = 0; round < 3; round++) {
      rule.served(8, 0, round);
      assertThat(rule.isDirect()).isTrue();
      assertThat(rule.isProbingDirect()).as("is measured").isTrue();
      while (rule.isDirect()) {}
    }
    learn(rule, cost, 100_000, 1_000);
    rule.served(8, 0, 3);
    assertThat(rule.isDirect()).isFalse();
  }

  @Test
  void served_savingIsClear_neverRunsDirectly() {
    learn(rule, 100_000, 1_000);
    rule.served(8, 0, SECOND);
    assertThat(rule.isDirect()).isFalse();
  }

  @Test
  void nanosUntilAnswer_unknown_isNothing() {
    assertThat(rule.nanosUntilAnswer(10_000, 1)).isZero();
  }

  @Test
  void nanosUntilAnswer_known_isTheWorkAheadOnAllLanes() {
    learn(rule, 100_000, 100_000); // cap 64
    assertThat(rule.nanosUntilAnswer(1, 1)).isCloseTo(200_000, within(1.0));
    assertThat(rule.nanosUntilAnswer(64, 1)).isCloseTo((6_400_000 + 100_000) / 2.0, within(1.0));
  }

  @Test
  void report_known_saysItInOneLine() {
    learn(rule, 300_000, 10_000);
    rule.ranDirectly(0, 0, 1);
    rule.ranDirectly(1000, SECOND, 1 + SECOND);
    BatchingReport report = rule.report();
    assertThat(report.utilisation()).isCloseTo(0.5, within(1e-6));
    assertThat(report.rowsPerSecond()).isCloseTo(1000, within(1e-3));
    assertThat(report.expectedWaitNanos()).isPositive();
    assertThat(report.runs()).isEqualTo(32);
    assertThat(report.toString())
        .startsWith("BATCHED: t(b) = 300.0 us + b * 10.00 us over 32 runs; a row saves 281.3 us")
        .contains("cap 256; 1000 rows/s, 50 % of the lanes, expected wait ")
        .doesNotContain("\n");
  }

  @Test
  void expectedWait_moreThanALaneCarries_isInfinite() {
    assertThat(BatchingRule.expectedWait(1.0 / 1000, 1000, 50)).isInfinite();
    assertThat(BatchingRule.expectedWait(1e-12, 1000, 50)).isCloseTo(0, within(1.0));
  }
}
