package dev.inflight.onnx;

import java.util.Arrays;

/**
 * What leaves say, taken together: a tree regressor's answer, and the sums of a tree classifier.
 *
 * <p>Invariant: all arithmetic is that of the type of the thresholds, {@code float} or {@code
 * double}. One operation on two floats that is done in double and then rounded gives what it gives
 * in float, so both types share the code where that costs nothing.
 */
final class TreeScorer implements Scorer {
  /** How the trees' answers become one. */
  enum Aggregate {
    SUM,
    AVERAGE,
    MIN,
    MAX
  }

  private final TreeWalk walk;
  private final Ensemble ensemble;
  private final boolean single;
  private final boolean wideAnswer;
  private final Aggregate aggregate;
  private final Transform transform;
  private final double[] base;
  private final int targets;

  /** The only weight of each leaf, where there is one target. */
  private final float[] only;

  /**
   * @param single whether thresholds and weights are {@code float}
   * @param wideAnswer whether answers are {@code double}
   */
  TreeScorer(
      Ensemble ensemble,
      boolean single,
      boolean wideAnswer,
      Aggregate aggregate,
      Transform transform,
      double[] base,
      int targets) {
    this.ensemble = ensemble;
    this.single = single;
    this.wideAnswer = wideAnswer;
    this.aggregate = aggregate;
    this.transform = transform;
    this.base = base;
    this.targets = targets;
    walk = TreeWalk.of(ensemble);
    only = new float[ensemble.from.length - 1];
    for (int leaf = 0; leaf < only.length; leaf++) {
      only[leaf] = (float) ensemble.weight[ensemble.from[leaf]];
    }
  }

  @Override
  public int scores() {
    return targets;
  }

  @Override
  public int trees() {
    return ensemble.trees();
  }

  double round(double value) {
    return single ? (float) value : value;
  }

  @Override
  public int score(Scratch scratch) {
    walk.leaves(scratch.row, scratch.keys, scratch.leaves);
    double[] scores = scratch.scores;
    if (targets == 1) {
      // Here ONNX Runtime has no transform but the one that is not compiled.
      double sum = isSum() ? onlySum(scratch.leaves) : onlyExtreme(scratch.leaves);
      double mean = aggregate == Aggregate.AVERAGE ? round(sum / trees()) : sum;
      scores[0] = round(mean + (base.length == 1 ? base[0] : 0));
    } else {
      sums(scratch);
      based(scratch);
      masked(scratch);
      transform.apply(scores, single);
    }
    if (!wideAnswer) {
      for (int i = 0; i < scores.length; i++) {
        scores[i] = (float) scores[i];
      }
    }
    return 0;
  }

  private boolean isSum() {
    return aggregate == Aggregate.SUM || aggregate == Aggregate.AVERAGE;
  }

  private double onlySum(int[] leaves) {
    if (single) {
      float sum = 0;
      for (int leaf : leaves) {
        sum += only[leaf];
      }
      return sum;
    }
    double sum = 0;
    for (int leaf : leaves) {
      sum += ensemble.weight[ensemble.from[leaf]];
    }
    return sum;
  }

  private double onlyExtreme(int[] leaves) {
    double extreme = ensemble.weight[ensemble.from[leaves[0]]];
    for (int tree = 1; tree < leaves.length; tree++) {
      extreme = extreme(extreme, ensemble.weight[ensemble.from[leaves[tree]]]);
    }
    return extreme;
  }

  /** A NaN that came first stays. */
  private double extreme(double before, double weight) {
    boolean better = aggregate == Aggregate.MIN ? weight < before : weight > before;
    return better ? weight : before;
  }

  /** Walks, and leaves what the trees say, without the base values. */
  void walkAndSum(Scratch scratch) {
    walk.leaves(scratch.row, scratch.keys, scratch.leaves);
    sums(scratch);
  }

  private void sums(Scratch scratch) {
    double[] scores = scratch.scores;
    boolean[] reached = scratch.reached;
    Arrays.fill(scores, 0);
    Arrays.fill(reached, false);
    int[] from = ensemble.from;
    boolean sum = isSum();
    for (int leaf : scratch.leaves) {
      for (int i = from[leaf]; i < from[leaf + 1]; i++) {
        int target = ensemble.target[i];
        double weight = ensemble.weight[i];
        if (sum) {
          scores[target] = round(scores[target] + weight);
        } else {
          scores[target] = reached[target] ? extreme(scores[target], weight) : weight;
        }
        reached[target] = true;
      }
    }
  }

  private void based(Scratch scratch) {
    double[] scores = scratch.scores;
    boolean useBase = base.length == targets;
    for (int i = 0; i < scores.length; i++) {
      if (aggregate == Aggregate.AVERAGE) {
        scores[i] = round(scores[i] / trees());
      }
      if (useBase) {
        scores[i] = round(scores[i] + base[i]);
      } else if (!isSum()) {
        scores[i] += 0.0; // -0.0 becomes 0.0
      }
    }
  }

  /** A target that no leaf spoke of is 0, whatever its base value. */
  static void masked(Scratch scratch) {
    for (int i = 0; i < scratch.scores.length; i++) {
      if (!scratch.reached[i]) {
        scratch.scores[i] = 0;
      }
    }
  }
}
