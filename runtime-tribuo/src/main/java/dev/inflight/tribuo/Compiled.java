package dev.inflight.tribuo;

import dev.inflight.tensor.RowBuffers;

/**
 * A model as flat arrays: from a row of numbers to its answer without an example, a prediction or a
 * map. Immutable; all lanes share it.
 *
 * @param threshold what a score must exceed for its label to apply, where several may
 */
record Compiled(Scorer scorer, Answers<?> answers, double threshold) {

  /** {@return memory for the scores of one row, for a lane of its own} */
  double[] newScores() {
    return new double[answers.columns().size()];
  }

  /** Writes what {@link Answers} would write for Tribuo's own prediction. */
  void answer(double[] values, double[] scores, RowBuffers target, int row) {
    answers.write(scorer.score(values, scores), scores, threshold, target, row);
  }
}
