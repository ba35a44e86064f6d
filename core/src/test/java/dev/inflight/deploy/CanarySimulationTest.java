package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.inflight.deploy.CanaryOptions.Margin;
import dev.inflight.deploy.CanaryOptions.Signal;
import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Thousands of canaries of 100,000 pairs, with a look after every pair. Pairs that are the rule are
 * jumped over: evidence moves one way between two others, so it is looked at on both sides of those
 * alone. Seeds are fixed: a chance of one in hundreds fails never or always.
 */
@Timeout(60)
class CanarySimulationTest {
  private static final int RUNS = 5_000;
  private static final long PAIRS = 100_000;
  private static final long NEVER = Long.MAX_VALUE;

  /** Outcome 0 is the rule; of the others the first has chance {@code first}. */
  private record World(double exception, double first) {}

  /** The pair after which the evidence crossed, or NEVER. */
  private static long crossing(
      Evidence evidence, World world, double threshold, long pairs, SplittableRandom random) {
    long[] counts = new long[3];
    double logRule = Math.log1p(-world.exception());
    long n = 0;
    while (true) {
      long rule = (long) (Math.log(1 - random.nextDouble()) / logRule);
      rule = Math.min(rule, pairs - n);
      counts[0] += rule;
      if (evidence.crosses(threshold, counts)) {
        return firstCrossing(evidence, threshold, counts, n, rule);
      }
      n += rule + 1;
      if (n > pairs) {
        return NEVER;
      }
      counts[random.nextDouble() < world.first() ? 1 : 2]++;
      if (evidence.crosses(threshold, counts)) {
        return n;
      }
    }
  }

  private static long firstCrossing(
      Evidence evidence, double threshold, long[] counts, long n, long rule) {
    long low = 0;
    long high = rule;
    long before = counts[0] - rule;
    while (low < high) {
      long middle = (low + high) / 2;
      counts[0] = before + middle;
      if (evidence.crosses(threshold, counts)) {
        high = middle;
      } else {
        low = middle + 1;
      }
    }
    return n + high;
  }

  private static double falseShare(
      Evidence evidence, World world, double alpha, int runs, int seed) {
    SplittableRandom random = new SplittableRandom(seed);
    int wrong = 0;
    for (int run = 0; run < runs; run++) {
      wrong += crossing(evidence, world, -Math.log(alpha), PAIRS, random.split()) == NEVER ? 0 : 1;
    }
    return wrong / (double) runs;
  }

  private static void assertControlled(String what, Evidence evidence, World world) {
    assertControlled(what, evidence, world, RUNS);
  }

  private static void assertControlled(String what, Evidence evidence, World world, int runs) {
    double share = falseShare(evidence, world, .05, runs, what.hashCode());
    System.out.printf("false verdicts at .05, seed %d: %s %.4f%n", what.hashCode(), what, share);
    assertThat(share).isLessThanOrEqualTo(.05 + 3 * Math.sqrt(.05 * .95 / runs));
    assertThat(share).as("it still looks at something").isPositive();
  }

  /** Failures of both are independent: only one of them failed. */
  private static World errors(double live, double candidate) {
    double worse = candidate * (1 - live);
    double better = live * (1 - candidate);
    return new World(worse + better, worse / (worse + better));
  }

  private static Score errors(double delta) {
    return Score.difference(Signal.ERRORS, new Margin(0, delta));
  }

  private static Evidence promote(Score score) {
    return score.promote().orElseThrow();
  }

  @Test
  void rollback_equalVersions_isWithinAlpha() {
    assertControlled("errors 1 % = 1 %, rollback", errors(.005).rollback(), errors(.01, .01));
    assertControlled("accuracy .90 = .90", errors(.01).rollback(), new World(.08, .5), 1_500);
    Score budget = Score.budget(Signal.DISAGREEMENT, new Margin(.005, .005));
    assertControlled("disagreement = budget, rollback", budget.rollback(), new World(.005, 1));
  }

  @Test
  void promote_worseByDelta_isWithinAlpha() {
    assertControlled("errors 1 -> 1.5 %, promotion", promote(errors(.005)), errors(.01, .015));
    assertControlled("errors .1 -> .3 %, promotion", promote(errors(.002)), errors(.001, .003));
    Score budget = Score.budget(Signal.DISAGREEMENT, new Margin(.005, .005));
    assertControlled("disagreement = budget, promotion", promote(budget), new World(.005, 1));
  }

  @Test
  void rollback_equalSplit_isWithinAlpha() {
    Score split = Score.splitErrors(new Margin(0, .005), .25);
    assertControlled("split .25, errors 1 % = 1 %", split.rollback(), new World(.01, .25));
  }

  /** The mutant: an evidence that counts its gamblers' money as if it were one gambler's. */
  @Test
  void falseVerdicts_withoutLogOfGamblers_areTooMany() {
    double[] stakes = Evidence.stakes(10);
    double[][] steps = new double[10][3];
    for (int k = 0; k < 10; k++) {
      steps[k][1] = StrictMath.log1p(stakes[k]);
      steps[k][2] = StrictMath.log1p(-stakes[k]);
    }
    double share = falseShare(new Evidence(steps, 0), errors(.01, .01), .05, 500, 1);
    assertThat(share).isGreaterThan(.05 + 3 * Math.sqrt(.05 * .95 / 500));
  }

  private static void assertDelay(
      String what, Evidence evidence, World world, double alpha, double expected) {
    long[] delays = new long[2_000];
    SplittableRandom random = new SplittableRandom(what.hashCode());
    Arrays.setAll(
        delays, run -> crossing(evidence, world, -Math.log(alpha), 500_000, random.split()));
    Arrays.sort(delays);
    long median = delays[delays.length / 2];
    System.out.printf(
        "delay at %.2f, seed %d: %s %,d, designed %,.0f%n",
        alpha, what.hashCode(), what, median, expected);
    assertThat((double) median).as(what).isCloseTo(expected, within(.1 * expected));
  }

  @Test
  void delay_ofTheDesignsTable_isReproduced() {
    Evidence worse = errors(.005).rollback();
    assertDelay("errors .1 -> .5 %", worse, errors(.001, .005), .05, 2_732);
    assertDelay("errors .1 -> .5 %", worse, errors(.001, .005), .01, 3_852);
    assertDelay("errors 1 -> 2 %", worse, errors(.01, .02), .05, 2_329);
    assertDelay("errors 1 -> 2 %", worse, errors(.01, .02), .01, 3_429);
    assertDelay("errors 1 -> 10 %", worse, errors(.01, .10), .01, 131);
    assertDelay("accuracy .90 -> .88, 8 %", worse, new World(.08, .625), .01, 2_370);
    Evidence same = promote(errors(.005));
    assertDelay("errors 1 % = 1 %", same, errors(.01, .01), .05, 6_259);
    assertDelay("errors 1 % = 1 %", same, errors(.01, .01), .01, 9_220);
    assertDelay("accuracy equal, 8 %", promote(errors(.01)), new World(.08, .5), .01, 9_261);
    Score budget = Score.budget(Signal.DISAGREEMENT, new Margin(.01, .01));
    assertDelay("disagreement .5 %, budget 1 %", promote(budget), new World(.005, 1), .01, 4_070);
    Score split = Score.splitErrors(new Margin(0, .005), .25);
    World twice = new World(.25 * .02 + .75 * .01, .25 * .02 / (.25 * .02 + .75 * .01));
    assertDelay("split .25, errors 1 -> 2 %", split.rollback(), twice, .01, 8_163);
  }

  @Test
  void delay_identicalOutputs_isExactlyTheDesigns() {
    assertThat(identical(.01, .05)).isEqualTo(514);
    assertThat(identical(.005, .05)).isEqualTo(1_031);
    assertThat(identical(.002, .05)).isEqualTo(2_582);
    assertThat(identical(.005, .01)).isEqualTo(1_409);
  }

  private static long identical(double delta, double alpha) {
    Evidence evidence = promote(errors(delta));
    long n = 0;
    while (!evidence.crosses(-Math.log(alpha), new long[] {n, 0, 0})) {
      n++;
    }
    return n;
  }

  /** Late harm: 50,000 equal pairs, then errors of 3 % against 1 %. */
  @Test
  void windows_lateRegression_areFasterThanHistory() {
    long[] history = late(errors(.005), .01, false);
    long[] windows = late(errors(.005), .01, true);
    System.out.printf("late change: history %,d, with windows %,d%n", history[150], windows[150]);
    assertThat((double) windows[150]).isLessThan(.8 * history[150]);
  }

  private static long[] late(Score score, double alpha, boolean windows) {
    long[] delays = new long[300];
    Arrays.setAll(delays, run -> late(score, alpha, windows, new SplittableRandom(run)));
    return Arrays.stream(delays).sorted().toArray();
  }

  private static long late(Score score, double alpha, boolean windows, SplittableRandom random) {
    Tally tally = new Tally(score, alpha, .05);
    long[] all = new long[3];
    for (long n = 64; ; n += 64) {
      World world = n <= 50_000 ? errors(.01, .01) : errors(.01, .03);
      long[] epoch = new long[3];
      for (int i = 0; i < 64; i++) {
        boolean exception = random.nextDouble() < world.exception();
        epoch[exception ? random.nextDouble() < world.first() ? 1 : 2 : 0]++;
      }
      Arrays.setAll(all, i -> all[i] + epoch[i]);
      if (windows) {
        tally.add(epoch);
      }
      boolean out =
          windows ? !tally.refuted().isEmpty() : score.rollback().crosses(-Math.log(alpha), all);
      if (out && n > 50_000) {
        return n - 50_000;
      }
      if (n > 1_000_000) {
        return NEVER;
      }
    }
  }
}
