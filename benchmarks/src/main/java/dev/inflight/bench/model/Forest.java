package dev.inflight.bench.model;

import java.util.Random;

/**
 * A made-up regression forest of complete binary trees, the same for every format: the children of
 * node i are 2i+1 (where the feature is at most the threshold) and 2i+2, the leaves come last.
 */
public final class Forest {
  private final int features;
  private final int innerNodes;
  private final int[][] feature;
  private final float[][] threshold;
  private final float[][] leaf;

  /** Trees of that depth over features in [0, 1). */
  public Forest(int trees, int depth, int features, long seed) {
    this.features = features;
    innerNodes = (1 << depth) - 1;
    feature = new int[trees][innerNodes];
    threshold = new float[trees][innerNodes];
    leaf = new float[trees][innerNodes + 1];
    Random random = new Random(seed);
    for (int t = 0; t < trees; t++) {
      for (int i = 0; i < innerNodes; i++) {
        feature[t][i] = random.nextInt(features);
        threshold[t][i] = 0.25f + 0.5f * random.nextFloat();
      }
      for (int i = 0; i <= innerNodes; i++) {
        leaf[t][i] = (float) random.nextGaussian();
      }
    }
  }

  /** m4: 100 trees of depth 6 over 30 features. */
  public static Forest standard() {
    return new Forest(100, 6, 30, 11);
  }

  /** {@return how many trees} */
  public int trees() {
    return feature.length;
  }

  /** {@return how many features} */
  public int features() {
    return features;
  }

  int innerNodes() {
    return innerNodes;
  }

  int feature(int tree, int node) {
    return feature[tree][node];
  }

  float threshold(int tree, int node) {
    return threshold[tree][node];
  }

  float leaf(int tree, int index) {
    return leaf[tree][index];
  }

  /** {@return the sum of the trees, in double: what every format has to give} */
  public double predict(float[] row) {
    double sum = 0;
    for (int t = 0; t < trees(); t++) {
      int node = 0;
      while (node < innerNodes) {
        node = row[feature[t][node]] <= threshold[t][node] ? 2 * node + 1 : 2 * node + 2;
      }
      sum += leaf[t][node - innerNodes];
    }
    return sum;
  }
}
