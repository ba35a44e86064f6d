package dev.inflight.deploy;

import dev.inflight.deploy.Tolerance.Difference;
import dev.inflight.deploy.Tolerance.Difference.Kind;
import org.jspecify.annotations.Nullable;

/**
 * Two numbers under a {@link Tolerance}. Null means the same; nothing is allocated for that.
 *
 * @param absolute 0 where it is not to count
 * @param relative 0 where it is not to count
 * @param count ulps, or k
 */
record Closeness(Rule rule, double absolute, double relative, int count) {
  enum Rule {
    EXACT,
    ABSOLUTE,
    RELATIVE,
    CLOSE,
    ULPS,
    TOP_K
  }

  /** Whether scores are ranked; then two numbers are the same unless one is no number. */
  boolean ranks() {
    return rule == Rule.TOP_K;
  }

  @Nullable Difference floats(float expected, float got) {
    if (Float.floatToIntBits(expected) == Float.floatToIntBits(got)) {
      return null;
    }
    if (rule == Rule.ULPS && Float.isFinite(expected) && Float.isFinite(got)) {
      return steps(
          ordered(Float.floatToIntBits(expected), Integer.MIN_VALUE),
          ordered(Float.floatToIntBits(got), Integer.MIN_VALUE));
    }
    return doubles(expected, got);
  }

  @Nullable Difference doubles(double expected, double got) {
    if (Double.doubleToLongBits(expected) == Double.doubleToLongBits(got)) {
      return null;
    }
    if (Double.isNaN(expected) || Double.isNaN(got)) {
      return new Difference(Kind.NOT_A_NUMBER, 0);
    }
    double apart = Math.abs(got - expected);
    if (rule == Rule.EXACT) {
      return number(apart);
    }
    if (expected == got) {
      return null;
    }
    if (Double.isInfinite(expected) || Double.isInfinite(got)) {
      return number(Double.POSITIVE_INFINITY);
    }
    if (rule == Rule.TOP_K) {
      return null;
    }
    if (rule == Rule.ULPS) {
      return steps(
          ordered(Double.doubleToLongBits(expected), Long.MIN_VALUE),
          ordered(Double.doubleToLongBits(got), Long.MIN_VALUE));
    }
    if (apart <= Math.max(absolute, relative * Math.abs(expected))) {
      return null;
    }
    return number(rule == Rule.RELATIVE ? apart / Math.abs(expected) : apart);
  }

  /** Raw bits of {@code FLOAT16}, or of {@code BFLOAT16}. */
  @Nullable Difference halves(short expected, short got, boolean brain) {
    float e = half(expected, brain);
    float g = half(got, brain);
    if (rule == Rule.ULPS && Float.isFinite(e) && Float.isFinite(g)) {
      return steps(ordered(expected, Short.MIN_VALUE), ordered(got, Short.MIN_VALUE));
    }
    return floats(e, g);
  }

  static float half(short bits, boolean brain) {
    if (brain) {
      return Float.intBitsToFloat(bits << 16);
    }
    int exponent = (bits >> 10) & 0x1f;
    int fraction = bits & 0x3ff;
    float size;
    if (exponent == 0x1f) {
      size = fraction == 0 ? Float.POSITIVE_INFINITY : Float.NaN;
    } else {
      size =
          exponent == 0 ? Math.scalb(fraction, -24) : Math.scalb(0x400 + fraction, exponent - 25);
    }
    return bits < 0 ? -size : size;
  }

  @Nullable Difference integers(long expected, long got) {
    return distance(Math.max(expected, got) - Math.min(expected, got));
  }

  /** Of the raw bits of {@code UINT64}. */
  @Nullable Difference unsigned(long expected, long got) {
    return distance(Long.compareUnsigned(expected, got) < 0 ? got - expected : expected - got);
  }

  private @Nullable Difference distance(long apart) {
    if (apart == 0) {
      return null;
    }
    double size = magnitude(apart);
    return size <= absolute ? null : number(size);
  }

  /** Sign and magnitude as a number that grows by one from float to float, with one zero. */
  private static long ordered(long bits, long sign) {
    return bits >= 0 ? bits : sign - bits;
  }

  private @Nullable Difference steps(long expected, long got) {
    long apart = Math.max(expected, got) - Math.min(expected, got);
    return Long.compareUnsigned(apart, count) <= 0 ? null : number(magnitude(apart));
  }

  /** Of unsigned bits. */
  private static double magnitude(long bits) {
    return bits >= 0 ? (double) bits : (double) ((bits >>> 1) | (bits & 1)) * 2;
  }

  private static Difference number(double size) {
    return new Difference(Kind.NUMBER, size);
  }

  @Override
  public String toString() {
    return switch (rule) {
      case EXACT -> "exact()";
      case ABSOLUTE -> "absolute(" + absolute + ")";
      case RELATIVE -> "relative(" + relative + ")";
      case CLOSE -> "close(" + absolute + ", " + relative + ")";
      case ULPS -> "ulps(" + count + ")";
      case TOP_K -> "topK(" + count + ")";
    };
  }
}
