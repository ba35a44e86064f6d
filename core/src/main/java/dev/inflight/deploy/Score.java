package dev.inflight.deploy;

import dev.inflight.deploy.CanaryOptions.Margin;
import dev.inflight.deploy.CanaryOptions.Signal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleFunction;

/**
 * What one signal counts, and the two claims tested with it. A value is the harm that one pair (or
 * one request of a split) saw from the candidate, so larger is worse. Immutable.
 */
final class Score {
  /** Levels of a metric: -1, -1 + 1/32, ... 1. */
  static final int LEVELS = 65;

  /** A value of a metric is divided into as many parts between its two neighbouring levels. */
  static final int PARTS = 1024;

  /** By how much that may understate a value. */
  private static final double LARGEST_SHIFT = 1.0 / 32768;

  /** Halvings of an interval of length 2; a double has no more to halve. */
  private static final int BISECTIONS = 60;

  /** Outcomes of one share of the traffic. */
  private static final class Stage {
    final double[] values;
    final double least;
    final double greatest;
    final double[] upStakes;
    final double[] downStakes;

    Stage(double[] values, double least, double greatest, double[] upStakes, double[] downStakes) {
      this.values = values;
      this.least = least;
      this.greatest = greatest;
      this.upStakes = upStakes;
      this.downStakes = downStakes;
    }
  }

  private final Signal signal;
  private final Margin margin;
  private final double[] values;
  private final List<Stage> stages;
  private final int parts;
  private final Evidence rollback;
  private final Optional<Evidence> promote;

  private Score(Signal signal, Margin margin, int parts, List<Stage> stages) {
    this.signal = signal;
    this.margin = margin;
    this.parts = parts;
    this.stages = List.copyOf(stages);
    values = stages.stream().flatMapToDouble(s -> Arrays.stream(s.values)).toArray();
    if (signal == Signal.TRAFFIC_SPLIT) {
      rollback = above(0).or(below(0));
      promote = Optional.empty();
    } else if (signal == Signal.LATENCY) {
      rollback = above(0); // the margin is in the values already
      promote = Optional.of(below(0));
    } else {
      rollback = above(margin.tolerated());
      promote = Optional.of(below(margin.excluded() - (parts == 1 ? 0 : LARGEST_SHIFT)));
    }
  }

  /** {@return of a pair: 0, +1 if only the candidate did wrong, -1 if only the live version did} */
  static Score difference(Signal signal, Margin margin) {
    return of(signal, margin, 1, new double[] {0, 1, -1}, -1);
  }

  /** {@return of a pair: 0 or 1, and how often 1 may be} */
  static Score budget(Signal signal, Margin margin) {
    return of(signal, margin, 1, new double[] {0, 1}, 0);
  }

  /** {@return of a pair: -1, or +1 if the candidate took longer than it may; middle of latency} */
  static Score sign(Margin margin) {
    return of(Signal.LATENCY, margin, 1, new double[] {-1, 1}, -1);
  }

  /** {@return of a pair: the candidate's loss in a metric, in [-1, 1]} */
  static Score metric(Margin margin) {
    double[] levels = new double[LEVELS];
    Arrays.setAll(levels, i -> i / 32.0 - 1);
    return of(Signal.METRIC, margin, PARTS, levels, -1);
  }

  private static Score of(Signal signal, Margin margin, int parts, double[] values, double least) {
    double[] stakes = Evidence.stakes(least == 0 ? Evidence.HIT_GAMBLERS : Evidence.SCORE_GAMBLERS);
    return new Score(signal, margin, parts, List.of(new Stage(values, least, 1, stakes, stakes)));
  }

  /**
   * {@return of a request that one version answered: 0, 1/share if the candidate failed, -1/(1 -
   * share) if the live version did; stage by stage}
   */
  static Score splitErrors(Margin margin, double... shares) {
    List<Stage> stages = new ArrayList<>();
    for (double p : shares) {
      stages.add(
          new Stage(
              new double[] {0, 1 / p, -1 / (1 - p)},
              -1 / (1 - p),
              1 / p,
              Evidence.splitStakes(p),
              Evidence.stakes(Evidence.SCORE_GAMBLERS)));
    }
    return new Score(Signal.SPLIT_ERRORS, margin, 1, stages);
  }

  /**
   * {@return of a request: which version it went to, less the share that should; tests both "not
   * more" and "not less", and says nothing about harm}
   */
  static Score trafficSplit(double... shares) {
    double[] stakes = Evidence.stakes(Evidence.HIT_GAMBLERS);
    List<Stage> stages = new ArrayList<>();
    for (double p : shares) {
      stages.add(new Stage(new double[] {-p, 1 - p}, -p, 1 - p, stakes, stakes));
    }
    return new Score(Signal.TRAFFIC_SPLIT, new Margin(0, 0), 1, stages);
  }

  Signal signal() {
    return signal;
  }

  Margin margin() {
    return margin;
  }

  /** {@return what the counters are, as text: counts of another shape mean something else} */
  String shape() {
    return stages.size() == 1
        ? values.length + " outcomes"
        : values.length + " outcomes " + Arrays.toString(values);
  }

  /** {@return how many counters this needs} */
  int outcomes() {
    return values.length;
  }

  /** {@return evidence against "no worse than tolerated"; of the split, "as it should be"} */
  Evidence rollback() {
    return rollback;
  }

  /** {@return evidence against "worse by the margin or more"} */
  Optional<Evidence> promote() {
    return promote;
  }

  /** {@return pairs or requests behind the counts} */
  long units(long[] counts) {
    return Arrays.stream(counts).sum() / parts;
  }

  /** {@return units with harm of the given sign, +1 or -1} */
  long units(long[] counts, int sign) {
    long sum = 0;
    for (int i = 0; i < values.length; i++) {
      sum += Math.signum(values[i]) == sign ? counts[i] : 0;
    }
    return sum / parts;
  }

  /** {@return the mean harm; 0 of nothing} */
  double estimate(long[] counts) {
    double sum = 0;
    for (int i = 0; i < values.length; i++) {
      sum += values[i] * counts[i];
    }
    return sum / Math.max(1, Arrays.stream(counts).sum());
  }

  /** {@return the largest mean that is refuted from below, with probability 1 - alpha/2 rightly} */
  double lower(long[] counts, double alpha) {
    return bisect(this::above, true, counts, alpha);
  }

  /**
   * {@return the smallest mean that is refuted from above, with probability 1 - alpha/2 rightly}
   */
  double upper(long[] counts, double alpha) {
    return bisect(this::below, false, counts, alpha);
  }

  private double bisect(
      DoubleFunction<Evidence> claim, boolean refutesLow, long[] counts, double alpha) {
    double threshold = StrictMath.log(2 / alpha);
    double low = stages.stream().mapToDouble(s -> s.least).reduce(-1, Math::max);
    double high = stages.stream().mapToDouble(s -> s.greatest).reduce(1, Math::min);
    double least = low;
    double greatest = high;
    for (int i = 0; i < BISECTIONS; i++) {
      double middle = (low + high) / 2;
      if (middle <= least || middle >= greatest) {
        break; // where the evidence is not defined
      }
      if (claim.apply(middle).crosses(threshold, counts) == refutesLow) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return refutesLow ? low : high;
  }

  private Evidence above(double limit) {
    return stages.stream()
        .map(s -> Evidence.above(limit, s.values, s.least, s.upStakes))
        .reduce(Evidence::then)
        .orElseThrow()
        .per(parts);
  }

  private Evidence below(double limit) {
    return stages.stream()
        .map(s -> Evidence.below(limit, s.values, s.greatest, s.downStakes))
        .reduce(Evidence::then)
        .orElseThrow()
        .per(parts);
  }
}
