package dev.inflight.tribuo;

import java.util.Optional;

/**
 * One decision tree of labels. Its leaf's label is what training found, not always the first of the
 * greatest scores.
 */
final class LabelTree implements Scorer {
  private final Trees nodes;
  private final int[] labels;
  private final double[] scores;

  /**
   * @param labels the label of each leaf
   * @param scores of all labels, leaf after leaf
   */
  LabelTree(Trees nodes, int[] labels, double[] scores) {
    this.nodes = nodes;
    this.labels = labels;
    this.scores = scores;
  }

  @Override
  public int score(double[] row, double[] target, int[] leaves) {
    nodes.leaves(row, leaves);
    int leaf = leaves[0];
    System.arraycopy(scores, leaf * target.length, target, 0, target.length);
    return labels[leaf];
  }

  @Override
  public Optional<Trees> trees() {
    return Optional.of(nodes);
  }
}
