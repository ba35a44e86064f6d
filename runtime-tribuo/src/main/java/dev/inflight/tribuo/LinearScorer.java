package dev.inflight.tribuo;

import org.jspecify.annotations.Nullable;
import org.tribuo.math.la.DenseMatrix;
import org.tribuo.math.util.VectorNormalizer;

/**
 * Tribuo's linear SGD models: one sum of products a score, the bias last, then Tribuo's own
 * normaliser.
 *
 * <p>Invariant: each sum adds in the order of Tribuo's feature ids. Four sums advance side by side,
 * because one alone would wait for its own last addition.
 */
final class LinearScorer implements Scorer {
  private static final int BLOCK = 4;

  private final int[] columns;

  /** For each block of scores, feature after feature, then the bias: the weights of the block. */
  private final double[] weights;

  private final int[] targets;
  private final @Nullable VectorNormalizer normalizer;

  /**
   * @param columns the row's column of each feature id
   * @param matrix a row a score, with the bias as its last entry
   * @param targets the score's place of each matrix row
   */
  LinearScorer(
      int[] columns, DenseMatrix matrix, int[] targets, @Nullable VectorNormalizer normalizer) {
    this.columns = columns;
    this.targets = targets;
    this.normalizer = normalizer;
    int features = columns.length + 1;
    int blocks = (targets.length + BLOCK - 1) / BLOCK;
    weights = new double[blocks * features * BLOCK];
    for (int i = 0; i < targets.length; i++) {
      for (int j = 0; j < features; j++) {
        weights[(i / BLOCK * features + j) * BLOCK + i % BLOCK] = matrix.get(i, j);
      }
    }
  }

  @Override
  public int score(double[] row, double[] scores, int[] leaves) {
    int at = 0;
    for (int first = 0; first < targets.length; first += BLOCK) {
      double a = 0;
      double b = 0;
      double c = 0;
      double d = 0;
      for (int column : columns) {
        double value = row[column];
        a += weights[at] * value;
        b += weights[at + 1] * value;
        c += weights[at + 2] * value;
        d += weights[at + 3] * value;
        at += BLOCK;
      }
      store(scores, first, a + weights[at]);
      store(scores, first + 1, b + weights[at + 1]);
      store(scores, first + 2, c + weights[at + 2]);
      store(scores, first + 3, d + weights[at + 3]);
      at += BLOCK;
    }
    if (normalizer != null) {
      normalizer.normalizeInPlace(scores);
    }
    return Scorer.winner(scores);
  }

  /** The last block may be wider than what is left of the scores. */
  private void store(double[] scores, int i, double score) {
    if (i < targets.length) {
      scores[targets[i]] = score;
    }
  }
}
