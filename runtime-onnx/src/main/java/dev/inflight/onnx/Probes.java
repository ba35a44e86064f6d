package dev.inflight.onnx;

import dev.inflight.tensor.DataType;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * Rows on which a compiled form is compared with ONNX Runtime, from the model's own thresholds and
 * the numbers next to them; always the same for a model.
 */
final class Probes {
  /** Some 5 us each for a forest of 100 trees in ONNX Runtime. */
  private static final int ROWS = 512;

  private static final double[] ODD = {
    0.0,
    -0.0,
    1,
    -1,
    Double.NaN,
    Double.POSITIVE_INFINITY,
    Double.NEGATIVE_INFINITY,
    Float.MIN_VALUE,
    -Float.MIN_VALUE,
    Float.MAX_VALUE,
    1e-3,
    -1e18
  };

  private final Optional<Ensemble> trees;
  private final DataType type;
  private final double[][] thresholds;
  private final SplittableRandom random = new SplittableRandom(20_261_124);

  Probes(Optional<Ensemble> trees, int columns, DataType type) {
    this.trees = trees;
    this.type = type;
    thresholds = new double[columns][0];
    trees.ifPresent(this::collect);
  }

  private void collect(Ensemble ensemble) {
    int[] counts = new int[thresholds.length];
    for (int node = 0; node < ensemble.mode.length; node++) {
      int column = ensemble.column[node];
      if (!ensemble.isLeaf(node)) {
        if (counts[column] == thresholds[column].length) {
          thresholds[column] = Arrays.copyOf(thresholds[column], 2 * counts[column] + 4);
        }
        thresholds[column][counts[column]++] = ensemble.threshold[node];
      }
    }
    for (int column = 0; column < counts.length; column++) {
      thresholds[column] = Arrays.copyOf(thresholds[column], counts[column]);
    }
  }

  /** {@return rows of the input's type, widened} */
  List<double[]> rows() {
    List<double[]> rows = new ArrayList<>();
    for (double value : ODD) {
      double[] row = new double[thresholds.length];
      Arrays.fill(row, value);
      rows.add(row);
    }
    while (rows.size() < ROWS) {
      double[] row = drawn(rows.size() % 8 == 0);
      if (rows.size() % 2 == 0) {
        trees.ifPresent(ensemble -> steer(ensemble, row));
      }
      rows.add(row);
    }
    rows.forEach(row -> Arrays.setAll(row, column -> asInput(row[column])));
    return rows;
  }

  private double[] drawn(boolean wild) {
    double[] row = new double[thresholds.length];
    for (int column = 0; column < row.length; column++) {
      double[] at = thresholds[column];
      double value =
          at.length == 0
              ? Math.scalb(2 * random.nextDouble() - 1, random.nextInt(wild ? 40 : 5))
              : near(at[random.nextInt(at.length)]);
      row[column] = wild && random.nextInt(4) == 0 ? ODD[random.nextInt(ODD.length)] : value;
    }
    return row;
  }

  /** The threshold, a number next to it, or one somewhere about it. */
  private double near(double threshold) {
    return switch (random.nextInt(5)) {
      case 0 -> threshold;
      case 1 -> next(threshold, Double.POSITIVE_INFINITY);
      case 2 -> next(threshold, Double.NEGATIVE_INFINITY);
      case 3 -> threshold * 2 * random.nextDouble();
      default -> threshold + random.nextDouble() - 0.5;
    };
  }

  private double next(double value, double towards) {
    return switch (type) {
      case FLOAT32 -> Math.nextAfter((float) value, towards);
      case FLOAT64 -> Math.nextAfter(value, towards);
      default -> value + Math.signum(towards);
    };
  }

  /** Changes the row so that a tree's leaf is likely reached that rows seldom reach. */
  private void steer(Ensemble ensemble, double[] row) {
    int node = ensemble.roots[random.nextInt(ensemble.trees())];
    while (!ensemble.isLeaf(node)) {
      int column = ensemble.column[node];
      boolean yes = random.nextBoolean();
      double threshold = ensemble.threshold[node];
      for (double value :
          new double[] {
            threshold,
            next(threshold, Double.NEGATIVE_INFINITY),
            next(threshold, Double.POSITIVE_INFINITY)
          }) {
        if (ensemble.isYes(node, row[column]) != yes) {
          row[column] = asInput(value);
        }
      }
      node = ensemble.isYes(node, row[column]) ? ensemble.yes[node] : ensemble.no[node];
    }
  }

  private double asInput(double value) {
    return switch (type) {
      case FLOAT32 -> (float) value;
      case FLOAT64 -> value;
      case INT64 -> (long) value;
      default -> (int) value;
    };
  }
}
