package dev.inflight.tribuo;

import java.util.Arrays;
import java.util.Optional;

/**
 * Trees that vote for labels: each tree adds what its leaf says, and the sums are divided by the
 * sum of them all.
 *
 * <p>Invariant: additions happen tree after tree, and inside a leaf in the order in which Tribuo's
 * map gives its labels.
 */
final class LabelForest implements Scorer {
  private final Trees nodes;
  private final int[] starts;
  private final int[] labels;
  private final double[] votes;

  /**
   * @param starts the first vote of each leaf, and the end of the last one
   * @param labels the label of each vote
   * @param votes what each vote adds, the tree's weight included
   */
  LabelForest(Trees nodes, int[] starts, int[] labels, double[] votes) {
    this.nodes = nodes;
    this.starts = starts;
    this.labels = labels;
    this.votes = votes;
  }

  @Override
  public int score(double[] row, double[] scores, int[] leaves) {
    nodes.leaves(row, leaves);
    Arrays.fill(scores, 0);
    double sum = 0;
    for (int tree = 0; tree < nodes.count(); tree++) {
      int leaf = leaves[tree];
      for (int i = starts[leaf]; i < starts[leaf + 1]; i++) {
        sum += votes[i];
        scores[labels[i]] += votes[i];
      }
    }
    for (int i = 0; i < scores.length; i++) {
      scores[i] /= sum;
    }
    return Scorer.winner(scores);
  }

  @Override
  public Optional<Trees> trees() {
    return Optional.of(nodes);
  }
}
