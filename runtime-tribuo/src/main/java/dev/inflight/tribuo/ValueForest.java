package dev.inflight.tribuo;

import java.util.Arrays;
import java.util.Optional;

/**
 * Regression trees under a running mean, or, for one model alone, their values as they are. A tree
 * may stand for one dimension or for several that follow one another.
 */
final class ValueForest implements Scorer {
  private final Trees nodes;
  private final int[] firsts;
  private final int[] widths;
  private final double[] ratios;
  private final double[] values;

  /**
   * @param firsts the first dimension of each tree
   * @param widths how many dimensions each tree has
   * @param ratios the tree's share of the running mean; empty for one model alone
   * @param values of each leaf, by the leaf's number
   */
  ValueForest(Trees nodes, int[] firsts, int[] widths, double[] ratios, double[] values) {
    this.nodes = nodes;
    this.firsts = firsts;
    this.widths = widths;
    this.ratios = ratios;
    this.values = values;
  }

  @Override
  public int score(double[] row, double[] scores, int[] leaves) {
    nodes.leaves(row, leaves);
    if (ratios.length == 0) {
      for (int tree = 0; tree < nodes.count(); tree++) {
        System.arraycopy(values, leaves[tree], scores, firsts[tree], widths[tree]);
      }
      return NONE;
    }
    Arrays.fill(scores, 0);
    for (int tree = 0; tree < nodes.count(); tree++) {
      int leaf = leaves[tree];
      int first = firsts[tree];
      for (int i = 0; i < widths[tree]; i++) {
        double before = scores[first + i];
        scores[first + i] = before + ratios[tree] * (values[leaf + i] - before);
      }
    }
    return NONE;
  }

  @Override
  public Optional<Trees> trees() {
    return Optional.of(nodes);
  }
}
