package dev.inflight.deploy;

import dev.inflight.deploy.Tolerance.Difference;
import dev.inflight.deploy.Tolerance.Difference.Kind;
import java.util.BitSet;
import java.util.function.IntToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** Whether two lists of scores put the same indices on top. */
final class Ranking {
  private Ranking() {}

  /**
   * Null if some order of {@code k} indices ranks both, equal scores in any order. Taking any index
   * that is largest in both, again and again, finds one if there is one: an index that is largest
   * in both can be moved to the front of any order that ranks both. NaN has no rank; it must be at
   * the same indices in both.
   */
  static @Nullable Difference order(
      int k, int size, IntToDoubleFunction expected, IntToDoubleFunction got) {
    BitSet taken = new BitSet(size);
    for (int place = 1; place <= Math.min(k, size); place++) {
      double mostExpected = Double.NaN;
      double mostGot = Double.NaN;
      for (int i = taken.nextClearBit(0); i < size; i = taken.nextClearBit(i + 1)) {
        mostExpected = larger(mostExpected, expected.applyAsDouble(i));
        mostGot = larger(mostGot, got.applyAsDouble(i));
      }
      if (Double.isNaN(mostExpected)) {
        return null;
      }
      int both = taken.nextClearBit(0);
      while (both < size
          && !(expected.applyAsDouble(both) == mostExpected
              && got.applyAsDouble(both) == mostGot)) {
        both = taken.nextClearBit(both + 1);
      }
      if (both == size) {
        return new Difference(Kind.ORDER, place);
      }
      taken.set(both);
    }
    return null;
  }

  private static double larger(double most, double score) {
    return most >= score || Double.isNaN(score) ? most : score;
  }

  /** As {@link #order}, of boxes; null if one is no score. */
  static @Nullable Difference order(int k, Object[] expected, Object[] got) {
    if (!areScores(expected) || !areScores(got)) {
      return null;
    }
    return order(
        k,
        expected.length,
        i -> ((Number) expected[i]).doubleValue(),
        i -> ((Number) got[i]).doubleValue());
  }

  private static boolean areScores(Object[] values) {
    for (Object value : values) {
      if (!(value instanceof Float || value instanceof Double)) {
        return false;
      }
    }
    return true;
  }
}
