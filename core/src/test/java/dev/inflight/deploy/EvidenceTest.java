package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.inflight.deploy.CanaryOptions.Margin;
import dev.inflight.deploy.CanaryOptions.Signal;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

/**
 * Evidence against vectors computed with 60 digits by testmodels/canary_golden.py, from products of
 * factors instead of counts.
 */
class EvidenceTest {
  private static final double[] PAIR = {0, 1, -1};
  private static final double[] HIT = {0, 1};
  private static final Margin FIVE = new Margin(0, .05);

  private record Line(String test, long step, String input, double rollback, double promote) {}

  /** Two claims over one row of counters. */
  private record Claims(Evidence rollback, Evidence promote) {
    Claims(Score score) {
      this(score.rollback(), score.promote().orElseThrow());
    }
  }

  private static List<Line> golden() throws IOException {
    try (InputStream in = EvidenceTest.class.getResourceAsStream("evidence-golden.tsv")) {
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII)
          .lines()
          .skip(1)
          .map(line -> line.split("\t", -1))
          .map(
              f ->
                  new Line(
                      f[0],
                      Long.parseLong(f[1]),
                      f[2],
                      Double.parseDouble(f[3]),
                      Double.parseDouble(f[4])))
          .toList();
    }
  }

  private static Claims claims(String test) {
    return new Claims(
        switch (test) {
          case "pair" -> Score.difference(Signal.ERRORS, FIVE);
          case "hit" -> Score.budget(Signal.DISAGREEMENT, new Margin(.01, .01));
          case "split" -> Score.splitErrors(new Margin(0, .02), .01, .25);
          // A level is rounded down by less than 1/32768, for which the claim is moved; not so in
          // the vectors.
          case "numeric" -> Score.metric(new Margin(0, .05 + 1.0 / 32768));
          default -> Score.difference(Signal.ERRORS, new Margin(0, .005));
        });
  }

  /** Largest error over the lines of a kind, relative where the value is over 1. */
  private static double worst(List<Line> lines, Function<String, Claims> claims) {
    double worst = 0;
    String test = "";
    Claims both = claims("pair");
    long[] counts = {};
    for (Line line : lines) {
      if (line.test().equals("interval95")) {
        continue;
      }
      if (!line.test().equals(test) || test.equals("counts")) {
        test = line.test();
        both = claims.apply(test);
        counts = new long[80];
      }
      add(line, counts);
      worst = Math.max(worst, error(both.rollback().logE(counts), line.rollback()));
      worst = Math.max(worst, error(both.promote().logE(counts), line.promote()));
    }
    return worst;
  }

  private static double error(double got, double expected) {
    return Math.abs(got - expected) / Math.max(1, Math.abs(expected));
  }

  private static void add(Line line, long[] counts) {
    String[] parts = line.input().split(",", -1);
    switch (line.test()) {
      case "pair" -> counts[outcome(Integer.parseInt(line.input()))]++;
      case "hit" -> counts[Integer.parseInt(line.input())]++;
      case "split" -> {
        int stage = parts[0].equals("0.01") ? 0 : 1;
        boolean candidate = parts[1].equals("1");
        counts[3 * stage + (parts[2].equals("0") ? 0 : candidate ? 1 : 2)]++;
      }
      case "numeric" -> {
        Panel panel =
            Panel.of(
                CanaryOptions.defaults()
                    .without(Signal.LATENCY)
                    .with(Signal.METRIC, .05)
                    .without(Signal.ERRORS));
        panel.count(
            Pair.answered(1, 1, 0, false).withHarm(Double.parseDouble(line.input())),
            (index, times) -> counts[index] += times);
      }
      default -> Arrays.setAll(counts, i -> i < 3 ? Long.parseLong(parts[i]) : 0);
    }
  }

  private static int outcome(int value) {
    return value == 0 ? 0 : value == 1 ? 1 : 2;
  }

  @Test
  void logE_goldenVectors_agreesToTwelveDigits() throws IOException {
    List<Line> lines = golden();
    assertThat(lines).hasSize(46);
    double worst = worst(lines, EvidenceTest::claims);
    System.out.println("evidence: largest error " + worst);
    assertThat(worst).isLessThan(1e-12);
  }

  @Test
  void interval_goldenVectors_agreesToTwelveDigits() throws IOException {
    Score score = Score.difference(Signal.ERRORS, FIVE);
    for (Line line : golden()) {
      if (line.test().equals("interval95")) {
        long[] counts =
            Arrays.stream(line.input().split(",", -1)).mapToLong(Long::parseLong).toArray();
        assertThat(score.lower(counts, .05)).isCloseTo(line.rollback(), within(1e-12));
        assertThat(score.upper(counts, .05)).isCloseTo(line.promote(), within(1e-12));
      }
    }
  }

  @Test
  void goldenVectors_wrongEvidence_isCaught() throws IOException {
    List<Line> pairs = golden().stream().filter(l -> l.test().equals("pair")).toList();
    List<Line> hits = golden().stream().filter(l -> l.test().equals("hit")).toList();
    double[] wrong = Evidence.stakes(10);
    wrong[1] = .7500001;
    assertThat(worst(pairs, test -> pair(Evidence.stakes(10), -1, 1))).isLessThan(1e-12);
    assertThat(worst(pairs, test -> pair(wrong, -1, 1))).as("stake").isGreaterThan(1e-10);
    assertThat(worst(pairs, test -> pair(Evidence.stakes(10), -1.001, 1))).isGreaterThan(1e-10);
    assertThat(worst(pairs, test -> pair(Evidence.stakes(10), -1, 1.001))).isGreaterThan(1e-10);
    assertThat(worst(hits, test -> hit(Evidence.stakes(16)))).isLessThan(1e-12);
    assertThat(worst(hits, test -> hit(Evidence.stakes(15)))).as("K").isGreaterThan(1e-10);
    Evidence unlogged = unlogged();
    assertThat(worst(pairs, test -> new Claims(unlogged, unlogged))).isGreaterThan(1e-10);
    assertThat(unlogged.logE(new long[3]))
        .as("without log K evidence starts with the gamblers' number")
        .isCloseTo(Math.log(10), within(1e-12));
  }

  private static Claims pair(double[] stakes, double least, double greatest) {
    return new Claims(
        Evidence.above(0, PAIR, least, stakes), Evidence.below(.05, PAIR, greatest, stakes));
  }

  private static Claims hit(double[] stakes) {
    return new Claims(Evidence.above(.01, HIT, 0, stakes), Evidence.below(.01, HIT, 1, stakes));
  }

  private static Evidence unlogged() {
    double[][] steps = new double[10][3];
    double[] stakes = Evidence.stakes(10);
    for (int k = 0; k < 10; k++) {
      for (int i = 0; i < 3; i++) {
        steps[k][i] = StrictMath.log1p(stakes[k] * PAIR[i]);
      }
    }
    return new Evidence(steps, 0);
  }

  /** As products, in the order of arrival, E is the same: counts lose nothing. */
  @Test
  void logE_anyOrderOrGrouping_isTheSame() {
    long seed = System.nanoTime();
    System.out.println("evidence: seed " + seed);
    Random random = new Random(seed);
    Evidence evidence = Score.metric(FIVE).rollback();
    long[] whole = new long[Score.LEVELS];
    long[][] epochs = new long[50][Score.LEVELS];
    for (long[] epoch : epochs) {
      for (int i = 0; i < 64; i++) {
        int level = random.nextInt(Score.LEVELS);
        int part = random.nextInt(Score.PARTS);
        epoch[level] += part;
        whole[level] += part;
      }
    }
    for (int round = 0; round < 5; round++) {
      java.util.Collections.shuffle(Arrays.asList(epochs), random);
      long[] sum = new long[Score.LEVELS];
      for (long[] epoch : epochs) {
        Arrays.setAll(sum, i -> sum[i] + epoch[i]);
      }
      assertThat(evidence.logE(sum)).isEqualTo(evidence.logE(whole));
    }
  }

  @Test
  void crosses_randomCounts_agreesWithLogE() {
    Random random = new Random(5);
    Evidence evidence = Score.difference(Signal.ERRORS, FIVE).promote().orElseThrow();
    int yes = 0;
    for (int i = 0; i < 20_000; i++) {
      long[] counts = {random.nextInt(300), random.nextInt(20), random.nextInt(20)};
      boolean crosses = evidence.crosses(Math.log(20), counts);
      assertThat(crosses).isEqualTo(evidence.logE(counts) >= Math.log(20));
      yes += crosses ? 1 : 0;
    }
    assertThat(yes).isBetween(1_000, 19_000);
  }

  @Test
  void crosses_alwaysFails_isOutAfterThirteenPairs() {
    Evidence evidence = Score.difference(Signal.ERRORS, FIVE).rollback();
    assertThat(evidence.crosses(Math.log(500), new long[] {0, 12, 0})).isFalse();
    assertThat(evidence.crosses(Math.log(500), new long[] {0, 13, 0})).isTrue();
  }

  @Test
  void interval_aMillionEqualPairs_isNarrowAndRight() {
    Score budget = Score.budget(Signal.DISAGREEMENT, new Margin(.01, .01));
    long[] counts = {995_000, 5_000};
    assertThat(budget.lower(counts, .05)).isBetween(.0045, .005);
    assertThat(budget.upper(counts, .05)).isBetween(.005, .0055);
    Score split = Score.splitErrors(FIVE, .01, .25);
    long[] failures = {1_000_000, 100, 9_900, 1_000_000, 2_500, 7_500};
    assertThat(split.estimate(failures)).isCloseTo(0, within(1e-12));
    assertThat(split.lower(failures, .05)).isNegative().isGreaterThan(-.005);
    assertThat(split.upper(failures, .05)).isPositive().isLessThan(.005);
  }
}
