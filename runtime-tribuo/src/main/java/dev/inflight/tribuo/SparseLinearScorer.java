package dev.inflight.tribuo;

import org.tribuo.math.la.DenseVector;
import org.tribuo.math.la.SparseVector;
import org.tribuo.math.la.VectorTuple;

/**
 * Tribuo's sparse linear regression: every feature is standardised, every dimension is a sum over
 * the features it uses, and the sum is scaled back.
 *
 * <p>Invariant: each sum adds in the order of Tribuo's feature ids, the bias last.
 */
final class SparseLinearScorer implements Scorer {
  private final Dimension[] dimensions;

  /** Each dimension is at the place of its score. */
  SparseLinearScorer(Dimension[] dimensions) {
    this.dimensions = dimensions;
  }

  @Override
  public int score(double[] row, double[] scores, int[] leaves) {
    for (int i = 0; i < dimensions.length; i++) {
      scores[i] = dimensions[i].value(row);
    }
    return NONE;
  }

  /** One dimension of the answer. */
  static final class Dimension {
    private final int[] columns;
    private final double[] minusMeans;
    private final double[] factors;
    private final double[] weights;
    private final double bias;
    private final boolean isBiased;
    private final double scale;
    private final double mean;

    /**
     * @param all the row's column of each feature id; the id after them is the bias
     */
    Dimension(
        int[] all,
        SparseVector weights,
        DenseVector means,
        DenseVector norms,
        double scale,
        double mean) {
      int used = 0;
      double last = Double.NaN;
      boolean biased = false;
      for (VectorTuple weight : weights) {
        if (weight.index < all.length) {
          used++;
        } else {
          biased = true;
          last = weight.value;
        }
      }
      isBiased = biased;
      columns = new int[used];
      minusMeans = new double[used];
      factors = new double[used];
      this.weights = new double[used];
      int at = 0;
      for (VectorTuple weight : weights) {
        if (weight.index < all.length) {
          columns[at] = all[weight.index];
          minusMeans[at] = -means.get(weight.index);
          factors[at] = 1.0 / norms.get(weight.index);
          this.weights[at++] = weight.value;
        }
      }
      int id = all.length;
      bias = isBiased ? last * ((1.0 + -means.get(id)) * (1.0 / norms.get(id))) : 0.0;
      this.scale = scale;
      this.mean = mean;
    }

    double value(double[] row) {
      double sum = 0;
      for (int i = 0; i < columns.length; i++) {
        sum += weights[i] * ((row[columns[i]] + minusMeans[i]) * factors[i]);
      }
      if (isBiased) {
        sum += bias;
      }
      // Tribuo: a dimension that uses nothing at all predicts 1 before it is scaled.
      double prediction = columns.length > 0 || isBiased ? sum : 1.0;
      prediction *= scale;
      prediction += mean;
      return prediction;
    }
  }
}
