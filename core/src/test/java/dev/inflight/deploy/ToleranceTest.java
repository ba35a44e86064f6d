package dev.inflight.deploy;

import static dev.inflight.deploy.Tolerance.absolute;
import static dev.inflight.deploy.Tolerance.close;
import static dev.inflight.deploy.Tolerance.exact;
import static dev.inflight.deploy.Tolerance.relative;
import static dev.inflight.deploy.Tolerance.topK;
import static dev.inflight.deploy.Tolerance.ulps;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.deploy.Tolerance.Difference;
import dev.inflight.deploy.Tolerance.Difference.Kind;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Numbers at the edge of each kind of tolerance. */
class ToleranceTest {
  private static final List<Tolerance> ALL =
      List.of(exact(), absolute(9), relative(.9), close(9, .9), ulps(9), topK(1));

  private static void same(Tolerance tolerance, Object expected, Object got) {
    assertThat(tolerance.compare(expected, got)).as(tolerance.toString()).isEmpty();
  }

  private static void differs(
      Tolerance tolerance, Object expected, Object got, Kind kind, double size) {
    assertThat(tolerance.compare(expected, got))
        .as(tolerance.toString())
        .contains(new Difference("", kind, size));
  }

  @Test
  void exact_neighbours_differ() {
    same(exact(), .1f, .1f);
    differs(exact(), 1f, Math.nextUp(1f), Kind.NUMBER, Math.ulp(1f));
    differs(exact(), 1d, Math.nextUp(1d), Kind.NUMBER, Math.ulp(1d));
    differs(exact(), 0f, -0f, Kind.NUMBER, 0);
    differs(exact(), 0d, -0d, Kind.NUMBER, 0);
    differs(exact(), 1L << 53, (1L << 53) + 1, Kind.NUMBER, 1);
  }

  @Test
  void absolute_atTheEdge_isTheLastThatIsTheSame() {
    same(absolute(.5), 1f, 1.5f);
    same(absolute(.5), 1f, .5f);
    differs(absolute(.5), 1f, Math.nextUp(1.5f), Kind.NUMBER, Math.nextUp(1.5f) - 1d);
    differs(absolute(.5), 1d, Math.nextUp(1.5), Kind.NUMBER, Math.nextUp(1.5) - 1);
    same(absolute(0), 0d, -0d);
    same(absolute(1), 7, 8);
    differs(absolute(Math.nextDown(1d)), 7, 8, Kind.NUMBER, 1);
    differs(absolute(1), Long.MIN_VALUE, Long.MAX_VALUE, Kind.NUMBER, 0x1p64);
    differs(
        absolute(Double.MAX_VALUE),
        Double.MAX_VALUE,
        -Double.MAX_VALUE,
        Kind.NUMBER,
        Double.POSITIVE_INFINITY);
  }

  @Test
  void relative_atTheEdge_isOfTheExpected() {
    same(relative(.25), 4d, 5d);
    same(relative(.25), -4d, -3d);
    differs(relative(.25), 4d, Math.nextUp(5d), Kind.NUMBER, (Math.nextUp(5d) - 4) / 4);
    differs(relative(.25), 3d, 4d, Kind.NUMBER, 1 / 3d);
    differs(relative(.25), 4f, 6f, Kind.NUMBER, .5);
    differs(relative(.25), 0d, Double.MIN_VALUE, Kind.NUMBER, Double.POSITIVE_INFINITY);
    differs(relative(.25), 1000, 1001, Kind.NUMBER, 1);
  }

  @Test
  void close_eitherLimit_isEnough() {
    same(close(.5, .25), 0d, .5);
    same(close(.5, .25), 4d, 5d);
    differs(close(.5, .25), 4d, Math.nextUp(5d), Kind.NUMBER, Math.nextUp(5d) - 4);
    differs(close(.5, .25), 1d, Math.nextUp(1.5), Kind.NUMBER, Math.nextUp(1.5) - 1);
  }

  @Test
  void ulps_atTheEdge_countInTheirOwnType() {
    float twoUp = Math.nextUp(Math.nextUp(1f));
    same(ulps(2), 1f, twoUp);
    differs(ulps(2), 1f, Math.nextUp(twoUp), Kind.NUMBER, 3);
    same(ulps(1), 1d, Math.nextDown(1d));
    differs(ulps(1), 1d, (double) Math.nextUp(1f), Kind.NUMBER, 1L << 29);
    same(ulps(0), 0f, -0f);
    same(ulps(2), Float.MIN_VALUE, -Float.MIN_VALUE);
    differs(ulps(1), Double.MIN_VALUE, -Double.MIN_VALUE, Kind.NUMBER, 2);
    differs(ulps(9), 3, 4, Kind.NUMBER, 1);
    differs(
        ulps(Integer.MAX_VALUE),
        Double.MAX_VALUE,
        -Double.MAX_VALUE,
        Kind.NUMBER,
        2d * Double.doubleToLongBits(Double.MAX_VALUE));
  }

  @Test
  void specialNumbers_everyTolerance_areOnlyTheSameAsThemselves() {
    for (Tolerance tolerance : ALL) {
      same(tolerance, Float.NaN, Float.intBitsToFloat(0x7fc00001));
      same(tolerance, Double.NaN, Double.NaN);
      same(tolerance, Double.NEGATIVE_INFINITY, Double.NEGATIVE_INFINITY);
      differs(tolerance, Float.NaN, 1f, Kind.NOT_A_NUMBER, 0);
      differs(tolerance, Double.POSITIVE_INFINITY, Double.NaN, Kind.NOT_A_NUMBER, 0);
      differs(
          tolerance,
          Float.POSITIVE_INFINITY,
          Float.MAX_VALUE,
          Kind.NUMBER,
          Double.POSITIVE_INFINITY);
      differs(
          tolerance,
          Double.POSITIVE_INFINITY,
          Double.NEGATIVE_INFINITY,
          Kind.NUMBER,
          Double.POSITIVE_INFINITY);
    }
  }

  @Test
  void topK_swappedBelowK_isTheSame() {
    float[] expected = {.1f, .5f, .3f, .2f};
    same(topK(2), expected, new float[] {.2f, .9f, .3f, .1f});
    differs(topK(3), expected, new float[] {.2f, .9f, .3f, .1f}, Kind.ORDER, 3);
    differs(topK(2), expected, new float[] {.1f, .3f, .5f, .2f}, Kind.ORDER, 1);
    differs(topK(9), new double[] {2, 1, 0}, new double[] {2, 0, 1}, Kind.ORDER, 2);
    same(topK(9), new double[] {2, 1, 0}, new double[] {7, 6, 5});
    same(topK(1), new float[0], new float[0]);
  }

  @Test
  void topK_ties_maySwap() {
    same(topK(2), new float[] {1, 1, 0}, new float[] {2, 1, 0});
    same(topK(2), new float[] {1, 1, 0}, new float[] {1, 2, 0});
    same(topK(1), new float[] {1, 1, 1}, new float[] {0, 0, 2});
    same(topK(2), new float[] {3, 1, 1}, new float[] {3, 0, 2});
    same(topK(2), new double[] {0, -0d}, new double[] {1, 2});
    differs(topK(2), new float[] {1, 1, 0}, new float[] {2, 0, 1}, Kind.ORDER, 2);
  }

  @Test
  void topK_nan_hasNoRank() {
    same(topK(3), new float[] {Float.NaN, 1, 2}, new float[] {Float.NaN, 3, 4});
    assertThat(topK(1).compare(new float[] {0, 1}, new float[] {Float.NaN, 1}))
        .contains(new Difference("[0]", Kind.NOT_A_NUMBER, 0));
  }

  @Test
  void topK_random_isTheSameIffSomeOrderRanksBoth() {
    long seed = System.nanoTime();
    System.out.println("topK seed " + seed);
    SplittableRandom random = new SplittableRandom(seed);
    for (int n = 0; n < 5_000; n++) {
      int k = 1 + random.nextInt(4);
      float[] expected = scores(random);
      float[] got = scores(random);
      boolean ranked = ranksBoth(expected, got, k, 0, Float.MAX_VALUE, Float.MAX_VALUE);
      assertThat(topK(k).compare(expected, got).isEmpty()).isEqualTo(ranked);
    }
  }

  private static float[] scores(SplittableRandom random) {
    float[] scores = new float[4];
    for (int i = 0; i < scores.length; i++) {
      scores[i] = random.nextInt(3);
    }
    return scores;
  }

  /** Tries every order of k indices, by the definition. */
  private static boolean ranksBoth(
      float[] e, float[] g, int left, int taken, float lastE, float lastG) {
    boolean allBelow = true;
    for (int i = 0; i < e.length; i++) {
      allBelow &= ((taken >> i) & 1) == 1 || (e[i] <= lastE && g[i] <= lastG);
    }
    if (!allBelow || left == 0) {
      return allBelow;
    }
    for (int i = 0; i < e.length; i++) {
      if (((taken >> i) & 1) == 0 && ranksBoth(e, g, left - 1, taken | (1 << i), e[i], g[i])) {
        return true;
      }
    }
    return false;
  }

  @Test
  void ulps_random_isTheNumberOfStepsOfNextUp() {
    long seed = System.nanoTime();
    System.out.println("ulps seed " + seed);
    SplittableRandom random = new SplittableRandom(seed);
    for (int n = 0; n < 5_000; n++) {
      float from = random.nextInt(4) == 0 ? 0 : Float.intBitsToFloat(random.nextInt());
      int steps = 1 + random.nextInt(20);
      float to = from;
      for (int i = 0; i < steps; i++) {
        to = Math.nextUp(to);
      }
      if (Float.isFinite(from) && Float.isFinite(to)) {
        same(ulps(steps), from, to);
        differs(ulps(steps - 1), to, from, Kind.NUMBER, steps);
      }
    }
  }

  @Test
  void compare_randomNumbers_acceptsWhatTheDefinitionDoes() {
    long seed = System.nanoTime();
    System.out.println("compare seed " + seed);
    SplittableRandom random = new SplittableRandom(seed);
    for (int n = 0; n < 20_000; n++) {
      double expected = random.nextInt(-8, 9) / 8d;
      double got = random.nextInt(-8, 9) / 8d;
      double absolute = random.nextInt(9) / 8d;
      double relative = random.nextInt(8) / 8d;
      boolean near = Math.abs(expected - got) <= absolute;
      boolean nearEnough = Math.abs(expected - got) <= relative * Math.abs(expected);
      assertThat(absolute(absolute).compare(expected, got).isEmpty()).isEqualTo(near);
      assertThat(relative(relative).compare(expected, got).isEmpty()).isEqualTo(nearEnough);
      assertThat(close(absolute, relative).compare((float) expected, (float) got).isEmpty())
          .isEqualTo(near || nearEnough);
    }
  }

  @Test
  void factories_limitsThatMakeNoSense_areRefused() {
    for (double bad : new double[] {-1, Double.NaN, Double.POSITIVE_INFINITY}) {
      assertThatThrownBy(() -> absolute(bad)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> close(bad, .1)).isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> relative(bad)).isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> relative(1)).hasMessageContaining("expected 0 <= part < 1, got 1.0");
    assertThatThrownBy(() -> close(1, 1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> ulps(-1)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> topK(0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void tolerances_sameLimits_areEqual() {
    assertThat(close(.1, .2)).isEqualTo(close(.1, .2)).hasSameHashCodeAs(close(.1, .2));
    assertThat(ALL).doesNotHaveDuplicates();
    assertThat(absolute(0)).isNotEqualTo(exact());
    assertThat(ALL)
        .extracting(Tolerance::toString)
        .containsExactly(
            "exact()", "absolute(9.0)", "relative(0.9)", "close(9.0, 0.9)", "ulps(9)", "topK(1)");
  }
}
