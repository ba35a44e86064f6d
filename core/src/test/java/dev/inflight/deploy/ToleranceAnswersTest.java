package dev.inflight.deploy;

import static dev.inflight.deploy.Tolerance.absolute;
import static dev.inflight.deploy.Tolerance.exact;
import static dev.inflight.deploy.Tolerance.relative;
import static dev.inflight.deploy.Tolerance.topK;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.deploy.Tolerance.Difference;
import dev.inflight.deploy.Tolerance.Difference.Kind;
import java.math.BigDecimal;
import java.nio.CharBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Whole answers: every container, and the way to what differs. */
class ToleranceAnswersTest {
  private record Scored(String label, float score) {}

  private record Numbers(byte a, short b, int c, long d, float e, double f, boolean g, char h) {}

  private record Answer(@Nullable Scored best, List<Scored> all, Map<String, double[]> parts) {}

  record Throwing(int value) {
    @Override
    public int value() {
      throw new UnsupportedOperationException("no value");
    }
  }

  private static void same(Object expected, Object got) {
    assertThat(absolute(.5).compare(expected, got)).isEmpty();
    assertThat(absolute(.5).compare(got, expected)).isEmpty();
  }

  /** Of the same size seen from either side. */
  private static void differs(Object expected, Object got, String where, Kind kind, double size) {
    Difference difference = new Difference(where, kind, size);
    assertThat(absolute(.5).compare(expected, got)).contains(difference);
    assertThat(absolute(.5).compare(got, expected)).contains(difference);
  }

  @Test
  void scalars_compared_byTheirType() {
    same(1f, 1.5f);
    same("cat", CharBuffer.wrap("cat"));
    same(new BigDecimal("1.0"), new BigDecimal("1.0"));
    same(Set.of(1, 2), Set.of(2, 1));
    differs("cat", "dog", "", Kind.LABEL, 0);
    differs(true, false, "", Kind.LABEL, 0);
    differs('a', 'b', "", Kind.LABEL, 0);
    differs(TimeUnit.DAYS, TimeUnit.HOURS, "", Kind.LABEL, 0);
    differs(TimeUnit.DAYS, Kind.LABEL, "", Kind.TYPE, 0);
    differs(new BigDecimal("1.0"), new BigDecimal("1.1"), "", Kind.LABEL, 0);
    differs(new Object(), new Object(), "", Kind.LABEL, 0);
    differs((byte) 1, (byte) 3, "", Kind.NUMBER, 2);
    differs((short) 1, (short) 3, "", Kind.NUMBER, 2);
    differs(1f, 1d, "", Kind.TYPE, 0);
    differs(1, 1L, "", Kind.TYPE, 0);
    differs(1, "1", "", Kind.TYPE, 0);
  }

  @Test
  void arrays_oneElementOff_nameItsIndex() {
    same(new float[] {1, 2}, new float[] {1.5f, 2});
    same(new double[] {1, 2}, new double[] {1.5, 2});
    same(new int[] {1, 2}, new int[] {1, 2});
    same(new float[][] {{1}, {2}}, new float[][] {{1}, {2.5f}});
    differs(new float[] {1, 2}, new float[] {1, 3}, "[1]", Kind.NUMBER, 1);
    differs(new double[] {1, 2}, new double[] {1, 3}, "[1]", Kind.NUMBER, 1);
    differs(new int[] {1, 2}, new int[] {1, 3}, "[1]", Kind.NUMBER, 1);
    differs(new long[] {1, 2}, new long[] {1, 3}, "[1]", Kind.NUMBER, 1);
    differs(new byte[] {1, 2}, new byte[] {1, 3}, "[1]", Kind.NUMBER, 1);
    differs(new short[] {1, 2}, new short[] {1, 3}, "[1]", Kind.NUMBER, 1);
    differs(new char[] {1, 2}, new char[] {1, 3}, "[1]", Kind.LABEL, 0);
    differs(new boolean[] {true, true}, new boolean[] {true, false}, "[1]", Kind.LABEL, 0);
    differs(new String[] {"a", "b"}, new String[] {"a", "c"}, "[1]", Kind.LABEL, 0);
    differs(new Object[] {1, "b"}, new Object[] {1, null}, "[1]", Kind.MISSING, 0);
    differs(new float[][] {{1}, {2}}, new float[][] {{1}, {3}}, "[1][0]", Kind.NUMBER, 1);
    differs(new float[2], new double[2], "", Kind.TYPE, 0);
    for (Object[] pair :
        List.of(
            new Object[] {new float[2], new float[5]},
            new Object[] {new double[2], new double[5]},
            new Object[] {new int[2], new int[5]},
            new Object[] {new Object[2], new Object[5]})) {
      differs(pair[0], pair[1], "", Kind.SHAPE, 3);
    }
    assertThat(absolute(1).compare(new int[] {1}, new int[] {2})).isEmpty();
  }

  @Test
  void lists_anyClass_areComparedByElement() {
    same(List.of(1f, 2f), new ArrayList<>(List.of(1.5f, 2f)));
    differs(List.of(1f, 2f), new ArrayList<>(List.of(1f, 3f)), "[1]", Kind.NUMBER, 1);
    differs(List.of(1f), List.of(1f, 2f), "", Kind.SHAPE, 1);
    differs(List.of(), Set.of(), "", Kind.TYPE, 0);
  }

  @Test
  void maps_keys_areNotNamedUnlessConstants() {
    same(Map.of("a", 1f), new TreeMap<>(Map.of("a", 1.5f)));
    differs(
        new TreeMap<>(Map.of("alice", 1f, "bob", 2f)),
        new TreeMap<>(Map.of("alice", 1f, "bob", 3f)),
        "[1]",
        Kind.NUMBER,
        1);
    differs(Map.of(TimeUnit.DAYS, 1f), Map.of(TimeUnit.DAYS, 2f), "[DAYS]", Kind.NUMBER, 1);
    differs(Map.of("alice", 1f), Map.of("bob", 1f), "[0]", Kind.MISSING, 1);
    differs(Map.of("a", 1), new TreeMap<>(Map.of(1, 1)), "[0]", Kind.MISSING, 1);
    differs(Collections.singletonMap(null, 1), Map.of("a", 1), "[0]", Kind.MISSING, 1);
    assertThat(exact().compare(Map.of(), Map.of("bob", 1f)))
        .contains(new Difference("", Kind.MISSING, 1));
    Map<String, @Nullable Object> withNull = new HashMap<>();
    withNull.put("a", null);
    differs(withNull, Map.of("a", 1), "[0]", Kind.MISSING, 0);
  }

  @Test
  void topK_listsAndMaps_areRanked() {
    assertThat(topK(1).compare(List.of(.2, .8), List.of(.4, .6))).isEmpty();
    assertThat(topK(1).compare(Map.of("a", .2f, "b", .8f), Map.of("a", .4f, "b", .6f))).isEmpty();
    Difference order = new Difference("", Kind.ORDER, 1);
    assertThat(topK(1).compare(List.of(.2, .8), List.of(.6, .4))).contains(order);
    assertThat(topK(1).compare(new Float[] {1f, 2f}, new Float[] {2f, 1f})).contains(order);
    assertThat(topK(1).compare(Map.of("a", .2f, "b", .8f), Map.of("b", .4f, "a", .6f)))
        .contains(order);
    assertThat(topK(1).compare(List.of(1, 2), List.of(1, 3)))
        .as("integers are labels")
        .contains(new Difference("[1]", Kind.NUMBER, 1));
    assertThat(topK(1).compare(new float[][] {{0, 1}, {1, 0}}, new float[][] {{0, 1}, {0, 1}}))
        .contains(new Difference("[1]", Kind.ORDER, 1));
    assertThat(topK(1).compare(new Scored("a", 1), new Scored("a", 7))).isEmpty();
  }

  @Test
  void optionals_presentOrNot_areMissing() {
    same(Optional.empty(), Optional.empty());
    same(Optional.of(1f), Optional.of(1.5f));
    same(OptionalDouble.of(1), OptionalDouble.of(1.5));
    same(OptionalDouble.empty(), OptionalDouble.empty());
    differs(Optional.of(1f), Optional.of(2f), "", Kind.NUMBER, 1);
    differs(Optional.of(1f), Optional.empty(), "", Kind.MISSING, 0);
    differs(OptionalDouble.of(1), OptionalDouble.of(2), "", Kind.NUMBER, 1);
    differs(OptionalDouble.of(0), OptionalDouble.empty(), "", Kind.MISSING, 0);
  }

  @Test
  void records_private_areComparedByComponent() {
    Numbers numbers = new Numbers((byte) 1, (short) 1, 1, 1, 1, 1, true, 'a');
    same(numbers, new Numbers((byte) 1, (short) 1, 1, 1, 1.5f, .5, true, 'a'));
    differs(numbers, new Numbers((byte) 2, (short) 1, 1, 1, 1, 1, true, 'a'), "a", Kind.NUMBER, 1);
    differs(numbers, new Numbers((byte) 1, (short) 2, 1, 1, 1, 1, true, 'a'), "b", Kind.NUMBER, 1);
    differs(numbers, new Numbers((byte) 1, (short) 1, 2, 1, 1, 1, true, 'a'), "c", Kind.NUMBER, 1);
    differs(numbers, new Numbers((byte) 1, (short) 1, 1, 2, 1, 1, true, 'a'), "d", Kind.NUMBER, 1);
    differs(numbers, new Numbers((byte) 1, (short) 1, 1, 1, 2, 1, true, 'a'), "e", Kind.NUMBER, 1);
    differs(numbers, new Numbers((byte) 1, (short) 1, 1, 1, 1, 2, true, 'a'), "f", Kind.NUMBER, 1);
    differs(numbers, new Numbers((byte) 1, (short) 1, 1, 1, 1, 1, false, 'a'), "g", Kind.LABEL, 0);
    differs(numbers, new Numbers((byte) 1, (short) 1, 1, 1, 1, 1, true, 'b'), "h", Kind.LABEL, 0);
    differs(numbers, new Scored("a", 1), "", Kind.TYPE, 0);
  }

  @Test
  void records_accessorThrows_isPassedOn() {
    assertThatThrownBy(() -> exact().compare(new Throwing(1), new Throwing(1)))
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void answers_nestedDeeply_nameTheWay() {
    Answer expected =
        new Answer(
            new Scored("cat", 1), List.of(new Scored("cat", 1)), Map.of("x", new double[] {1, 2}));
    same(expected, expected);
    differs(
        expected,
        new Answer(new Scored("cat", 1), List.of(new Scored("cat", 2)), expected.parts()),
        "all[0].score",
        Kind.NUMBER,
        1);
    differs(
        expected,
        new Answer(new Scored("dog", 1), expected.all(), expected.parts()),
        "best.label",
        Kind.LABEL,
        0);
    differs(
        List.of(Optional.of(expected)),
        List.of(
            Optional.of(
                new Answer(expected.best(), expected.all(), Map.of("x", new double[] {1, 3})))),
        "[0].parts[0][1]",
        Kind.NUMBER,
        1);
    differs(expected, new Answer(null, expected.all(), expected.parts()), "best", Kind.MISSING, 0);
  }

  @Test
  void differences_asText_haveNoValues() {
    Answer expected = new Answer(new Scored("secret", 1234), List.of(), Map.of());
    assertThat(
            List.of(
                exact().compare(expected, new Answer(null, List.of(), Map.of())).toString(),
                exact().compare("secret", "1234").toString(),
                relative(.1).compare(1234d, 2468d).toString(),
                exact().compare(Map.of("secret", 1234), Map.of("1234", 1)).toString()))
        .noneMatch(text -> text.contains("secret") || text.contains("1234"))
        .containsExactly(
            "Optional[best: MISSING]",
            "Optional[answer: LABEL]",
            "Optional[answer: NUMBER 1.0]",
            "Optional[[0]: MISSING 1.0]");
  }

  @Test
  void isFinite_oneBadNumberAnywhere_isFalse() {
    for (float bad : new float[] {Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY}) {
      for (Object answer : containersOf(bad)) {
        assertThat(Tolerance.isFinite(answer)).as(answer.getClass().getName()).isFalse();
      }
    }
    for (Object answer : containersOf(1)) {
      assertThat(Tolerance.isFinite(answer)).as(answer.getClass().getName()).isTrue();
    }
    assertThat(Tolerance.isFinite("NaN")).isTrue();
    assertThat(Tolerance.isFinite(Arrays.asList(null, 1, OptionalDouble.empty()))).isTrue();
  }

  private static List<Object> containersOf(float number) {
    return List.of(
        number,
        (double) number,
        new float[] {0, number},
        new double[] {0, number},
        new float[][] {{}, {number}},
        List.of(0, number),
        Set.of(number),
        Map.of("x", number),
        Optional.of(number),
        OptionalDouble.of(number),
        new Scored("x", number),
        new Numbers((byte) 1, (short) 1, 1, 1, 1, number, true, 'a'),
        new Answer(null, List.of(new Scored("x", number)), Map.of()));
  }

  @Test
  void compare_randomlyMovedElement_isTheOneFound() {
    long seed = System.nanoTime();
    System.out.println("moved seed " + seed);
    SplittableRandom random = new SplittableRandom(seed);
    for (int n = 0; n < 1_000; n++) {
      double[] expected = random.doubles(1 + random.nextInt(50)).toArray();
      double[] got = expected.clone();
      int moved = random.nextInt(got.length);
      for (int i = 0; i < got.length; i++) {
        got[i] += i == moved ? 2 : random.nextDouble(-.4, .4);
      }
      Map<String, double[]> parts = Map.of("x", got);
      assertThat(
              absolute(.5)
                  .compare(
                      new Answer(null, List.of(), Map.of("x", expected)),
                      new Answer(null, List.of(), parts)))
          .hasValueSatisfying(
              found -> assertThat(found.where()).isEqualTo("parts[0][" + moved + "]"));
    }
  }
}
