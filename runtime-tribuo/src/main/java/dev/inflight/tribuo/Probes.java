package dev.inflight.tribuo;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.tribuo.Model;
import org.tribuo.RealInfo;
import org.tribuo.VariableInfo;

/**
 * Rows for {@link SelfCheck}: from the model's own feature domain and beyond it, always the same.
 */
final class Probes {
  /** 0.1 ms each for a forest of 100 trees in Tribuo. */
  private static final int DRAWN = 192;

  private static final int STEERED = 320;

  /** Linear models answer some of these with no label. */
  private static final int OVERFLOWING = 16;

  private final VariableInfo[] domain;
  private final SplittableRandom random = new SplittableRandom(20_240_229);

  Probes(Model<?> model, String[] features) {
    domain = new VariableInfo[features.length];
    for (int i = 0; i < features.length; i++) {
      domain[i] = model.getFeatureIDMap().get(features[i]);
    }
  }

  List<double[]> rows(Scorer scorer) {
    List<double[]> rows = new ArrayList<>();
    for (double value : new double[] {0.0, -0.0, 1, -1, 1e18, -1e18, 1e300, Double.MIN_VALUE}) {
      double[] row = new double[domain.length];
      Arrays.fill(row, value);
      rows.add(row);
    }
    for (int i = 0; i < OVERFLOWING; i++) {
      double[] row = new double[domain.length];
      Arrays.setAll(row, k -> random.nextBoolean() ? Double.MAX_VALUE : -Double.MAX_VALUE);
      rows.add(row);
    }
    for (int i = 0; i < DRAWN; i++) {
      rows.add(drawn(i % 8 == 0));
    }
    for (int i = 0; i < STEERED; i++) {
      scorer.trees().ifPresent(trees -> rows.add(steered(trees)));
    }
    // Runners refuse a row that is not finite.
    rows.forEach(row -> Arrays.setAll(row, i -> Double.isFinite(row[i]) ? row[i] : 0));
    return rows;
  }

  private double[] drawn(boolean wild) {
    double[] row = new double[domain.length];
    for (int i = 0; i < row.length; i++) {
      row[i] = wild ? wild(i) : usual(i);
    }
    return row;
  }

  private double usual(int i) {
    double sample = domain[i].uniformSample(random);
    return switch (random.nextInt(8)) {
      case 0 -> 0;
      case 1 -> -sample;
      case 2 -> domain[i] instanceof RealInfo real ? real.getMean() : sample;
      default -> sample;
    };
  }

  private double wild(int i) {
    double sample = domain[i].uniformSample(random);
    return switch (random.nextInt(6)) {
      case 0 -> domain[i] instanceof RealInfo real ? real.getMin() : -0.0;
      case 1 -> domain[i] instanceof RealInfo real ? Math.nextUp(real.getMax()) : 1;
      case 2 -> sample * 1e6;
      case 3 -> sample * -1e150;
      case 4 -> sample * 1e-300;
      default -> sample;
    };
  }

  /** Reaches leaves that rows of the domain seldom or never reach. */
  private double[] steered(Trees trees) {
    double[] row = drawn(false);
    trees.steer(random.nextInt(trees.count()), row, random::nextBoolean);
    return row;
  }
}
