package dev.inflight.tribuo;

import java.util.Optional;

/**
 * A model's arithmetic on flat arrays, in exactly the order in which Tribuo does it. Immutable; all
 * lanes share it.
 */
interface Scorer {
  /** No label has a score that is a number. */
  int NONE = -1;

  /**
   * Overwrites every entry of {@code scores}.
   *
   * @param row finite values, in the order of the model's columns
   * @param leaves scratch, an entry a tree
   * @return the position of the winning label, for a model of labels, or {@link #NONE}
   */
  int score(double[] row, double[] scores, int[] leaves);

  /** {@return the trees, if it has any: their thresholds are where rows must be compared} */
  default Optional<Trees> trees() {
    return Optional.empty();
  }

  /** {@return the first of the greatest entries, as Tribuo breaks ties} NaN never wins. */
  static int winner(double[] scores) {
    int winner = NONE;
    double greatest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < scores.length; i++) {
      if (scores[i] > greatest) {
        greatest = scores[i];
        winner = i;
      }
    }
    return winner;
  }
}
