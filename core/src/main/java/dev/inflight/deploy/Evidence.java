package dev.inflight.deploy;

import java.util.Arrays;
import java.util.function.DoubleUnaryOperator;

/**
 * The wealth of some gamblers who bet against one claim about the mean of a bounded score, each
 * with a stake that was fixed in advance. While the claim holds, the chance that their average
 * wealth E ever reaches 1/alpha is at most alpha, whenever and however often one looks (Ville). As
 * the stakes are fixed, E depends on the counts of the outcomes alone: not on their order, nor on
 * how they were added up.
 *
 * <p>Immutable. Logarithms come from {@link StrictMath}: every JVM gives the same bits.
 */
final class Evidence {
  /** Gamblers for scores in [-1, 1]: stakes down to 1/256, margins down to about 0.1 %. */
  static final int SCORE_GAMBLERS = 10;

  /** Gamblers for scores 0 and 1, whose limit may be as small as 1e-4. */
  static final int HIT_GAMBLERS = 16;

  private final double[][] steps;
  private final double logGamblers;

  /**
   * @param steps [gambler][outcome]: what one such outcome adds to the logarithm of a wealth
   * @param logGamblers the logarithm of their number
   */
  Evidence(double[][] steps, double logGamblers) {
    this.steps = steps;
    this.logGamblers = logGamblers;
  }

  /**
   * {@return 15/16, 3/4, 1/2, 1/4, ...: a factor of two between neighbours loses little against the
   * best stake, and below 1 nobody goes bankrupt}
   */
  static double[] stakes(int gamblers) {
    double[] stakes = new double[gamblers];
    stakes[0] = 15.0 / 16;
    stakes[1] = 3.0 / 4;
    for (int k = 2; k < gamblers; k++) {
      stakes[k] = Math.scalb(1.0, 1 - k);
    }
    return stakes;
  }

  /**
   * {@return stakes of gamblers who think that the arm with {@code share} of the traffic fails 33,
   * 17, ... 1 + 1/16 times as often as the other}
   */
  static double[] splitStakes(double share) {
    double[] stakes = new double[SCORE_GAMBLERS];
    for (int k = 0; k < stakes.length; k++) {
      double odds = share * Math.scalb(1.0, 5 - k);
      stakes[k] = odds / (1 + odds);
    }
    return stakes;
  }

  /** {@return evidence against "the mean is at most limit" of values not below {@code least}} */
  static Evidence above(double limit, double[] values, double least, double[] stakes) {
    return of(stakes, values, limit - least, value -> value - limit);
  }

  /** {@return evidence against "the mean is at least limit" of values not over {@code greatest}} */
  static Evidence below(double limit, double[] values, double greatest, double[] stakes) {
    return of(stakes, values, greatest - limit, value -> limit - value);
  }

  private static Evidence of(
      double[] stakes, double[] values, double room, DoubleUnaryOperator gain) {
    double[][] steps = new double[stakes.length][values.length];
    for (int k = 0; k < stakes.length; k++) {
      for (int i = 0; i < values.length; i++) {
        steps[k][i] = StrictMath.log1p(stakes[k] * gain.applyAsDouble(values[i]) / room);
      }
    }
    return new Evidence(steps, StrictMath.log(stakes.length));
  }

  /** {@return the same gamblers over more outcomes, which come after these: the next stage} */
  Evidence then(Evidence next) {
    double[][] both = new double[steps.length][];
    for (int k = 0; k < steps.length; k++) {
      both[k] = Arrays.copyOf(steps[k], steps[k].length + next.steps[k].length);
      System.arraycopy(next.steps[k], 0, both[k], steps[k].length, next.steps[k].length);
    }
    return new Evidence(both, logGamblers);
  }

  /** {@return the average of both, over the same outcomes and with as many gamblers each} */
  Evidence or(Evidence other) {
    double[][] both = Arrays.copyOf(steps, steps.length + other.steps.length);
    System.arraycopy(other.steps, 0, both, steps.length, other.steps.length);
    return new Evidence(both, StrictMath.log(both.length));
  }

  /** {@return this for counts in units of 1/parts, a power of two} */
  Evidence per(int parts) {
    double[][] scaled = new double[steps.length][];
    for (int k = 0; k < steps.length; k++) {
      scaled[k] = Arrays.stream(steps[k]).map(step -> step / parts).toArray();
    }
    return new Evidence(scaled, logGamblers);
  }

  /** {@return ln E after {@code counts[i]} times outcome i, in whatever order they came} */
  double logE(long[] counts) {
    double[] wealth = new double[steps.length];
    for (int k = 0; k < wealth.length; k++) {
      wealth[k] = wealth(k, counts);
    }
    return logMean(wealth);
  }

  /** {@return whether ln E is at least {@code threshold}; mostly without a logarithm} */
  boolean crosses(double threshold, long[] counts) {
    double richest = richest(counts);
    if (richest < threshold) {
      return false; // a mean is never over its largest part
    }
    return richest - logGamblers >= threshold || logE(counts) >= threshold;
  }

  /** {@return the logarithm of the largest wealth} */
  double richest(long[] counts) {
    double richest = Double.NEGATIVE_INFINITY;
    for (int k = 0; k < steps.length; k++) {
      richest = Math.max(richest, wealth(k, counts));
    }
    return richest;
  }

  private double wealth(int k, long[] counts) {
    double[] step = steps[k];
    double sum = 0;
    for (int i = 0; i < step.length; i++) {
      sum += counts[i] * step[i];
    }
    return sum;
  }

  private double logMean(double[] wealth) {
    double richest = Double.NEGATIVE_INFINITY;
    for (double one : wealth) {
      richest = Math.max(richest, one);
    }
    double sum = 0;
    for (double one : wealth) {
      sum += StrictMath.exp(one - richest);
    }
    return richest + StrictMath.log(sum) - logGamblers;
  }
}
