package dev.inflight.onnx;

import java.util.Arrays;

/**
 * A tree classifier, with the special cases of two classes as ONNX Runtime has them: a model that
 * gives weights to one class only speaks of the other by what is missing.
 */
final class TreeClassifier implements Scorer {
  private static final float HALF = 0.5f;

  private final TreeScorer trees;
  private final Transform transform;
  private final double[] base;
  private final int classes;
  private final boolean single;

  /** Two classes of which only one has weights. */
  private final boolean binary;

  private final boolean allPositive;

  /**
   * @param ids the class of every weight in the file, of {@code weights}
   * @throws UncompilableException where ONNX Runtime's answer is what was in memory before
   */
  TreeClassifier(
      Ensemble ensemble,
      boolean single,
      Transform transform,
      double[] base,
      int classes,
      long[] ids,
      double[] weights) {
    this.single = single;
    this.transform = transform;
    this.base = base;
    this.classes = classes;
    trees =
        new TreeScorer(
            ensemble, single, false, TreeScorer.Aggregate.SUM, Transform.NONE, base, classes);
    binary = classes == 2 && Arrays.stream(ids).distinct().count() == 1;
    allPositive = Arrays.stream(weights).noneMatch(weight -> weight < 0);
    if (classes < 2 || base.length > classes || (classes == 2 && base.length == 1 && !binary)) {
      throw new UncompilableException(classes + " classes with " + base.length + " base values");
    }
  }

  @Override
  public int scores() {
    return classes;
  }

  @Override
  public int trees() {
    return trees.trees();
  }

  /** Whether labels are always those of the file: two classes with weights have 0 and 1. */
  boolean usesLabels() {
    return classes > 2 || binary;
  }

  @Override
  public int score(Scratch scratch) {
    trees.walkAndSum(scratch);
    int label = classes > 2 ? several(scratch) : two(scratch);
    for (int i = 0; i < classes; i++) {
      scratch.scores[i] = (float) scratch.scores[i];
    }
    return label;
  }

  private int several(Scratch scratch) {
    double[] scores = scratch.scores;
    boolean[] reached = scratch.reached;
    for (int i = 0; i < base.length; i++) {
      scores[i] = reached[i] ? trees.round(scores[i] + base[i]) : base[i];
      reached[i] = true;
    }
    int winner = -1;
    for (int i = 0; i < classes; i++) {
      if (reached[i] && (winner < 0 || scores[i] > scores[winner])) {
        winner = i;
      }
    }
    TreeScorer.masked(scratch);
    transform.apply(scores, single);
    return winner;
  }

  private int two(Scratch scratch) {
    double[] scores = scratch.scores;
    boolean[] reached = scratch.reached;
    if (base.length == 2 && reached[1]) {
      scores[1] = trees.round(base[1] + scores[0]);
      scores[0] = -scores[1];
    } else if (base.length == 2) {
      scores[1] = trees.round(scores[1] + base[1]);
      scores[0] = trees.round(scores[0] + base[0]);
    } else if (base.length == 1) {
      scores[0] = trees.round(scores[0] + base[0]);
    }
    double positive = reached[1] ? scores[1] : reached[0] ? scores[0] : 0;
    boolean isPositive = positive > (binary && allPositive ? HALF : 0);
    if (base.length < 2 && !reached[1]) {
      opposite(scores);
    } else {
      TreeScorer.masked(scratch);
      transform.apply(scores, single);
    }
    return isPositive ? 1 : 0;
  }

  /** From the score of one class to those of both. */
  private void opposite(double[] scores) {
    double score = scores[0];
    if (transform == Transform.LOGISTIC) {
      scores[1] = Transform.logistic((float) score);
      scores[0] = Transform.logistic((float) -score);
    } else if (binary && allPositive) {
      scores[1] = score;
      scores[0] = trees.round(1 - score);
    } else {
      scores[1] = score;
      scores[0] = -score;
    }
  }
}
