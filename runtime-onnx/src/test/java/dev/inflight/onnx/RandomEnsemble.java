package dev.inflight.onnx;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** An ensemble drawn at random, with thresholds that rows can hit. */
final class RandomEnsemble {
  /** Where thresholds and rows come from, so that they meet. */
  static final double[] NUMBERS = {
    0.0,
    -0.0,
    1,
    2,
    3,
    -1,
    0.5,
    31,
    32,
    33,
    1e-45,
    -1e-45,
    3e38,
    -3e38,
    Double.POSITIVE_INFINITY,
    Double.NEGATIVE_INFINITY,
    Double.NaN
  };

  private static final String[] ORDER = {"BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT"};
  private static final String[] EQUALITY = {"BRANCH_EQ", "BRANCH_NEQ"};

  private final Random random;
  final int columns;
  final int targets;
  private final boolean categories;
  private final boolean missing;
  private final boolean oneMode;
  private final boolean severalWeights;
  private final boolean signed;
  private final int onlyTarget;

  final List<Long> trees = new ArrayList<>();
  final List<Long> nodes = new ArrayList<>();
  final List<Long> column = new ArrayList<>();
  final List<Long> yes = new ArrayList<>();
  final List<Long> no = new ArrayList<>();
  final List<Long> tracks = new ArrayList<>();
  final List<String> modes = new ArrayList<>();
  final List<Double> thresholds = new ArrayList<>();
  final List<Long> leafTrees = new ArrayList<>();
  final List<Long> leafNodes = new ArrayList<>();
  final List<Long> leafTargets = new ArrayList<>();
  final List<Double> leafWeights = new ArrayList<>();

  /**
   * @param onlyTarget the one that every leaf speaks of, or -1
   */
  RandomEnsemble(Random random, int targets, int onlyTarget) {
    this.random = random;
    this.targets = targets;
    this.onlyTarget = onlyTarget;
    columns = 1 + random.nextInt(12);
    categories = random.nextInt(4) == 0;
    missing = random.nextBoolean();
    oneMode = random.nextBoolean();
    severalWeights = random.nextBoolean();
    signed = random.nextBoolean();
    int count = 1 + random.nextInt(random.nextInt(4) == 0 ? 130 : 20);
    for (int tree = 0; tree < count; tree++) {
      grow(tree, random.nextInt(6));
    }
  }

  private void grow(long tree, int depth) {
    int first = nodes.size();
    node(tree, first, depth);
  }

  private long node(long tree, int first, int depth) {
    int at = nodes.size();
    long name = (long) at - first;
    trees.add(tree);
    nodes.add(name);
    column.add((long) random.nextInt(columns));
    yes.add(0L);
    no.add(0L);
    tracks.add(missing && random.nextBoolean() ? 1L : 0L);
    boolean leaf = depth == 0 || random.nextInt(8) == 0;
    modes.add(leaf ? "LEAF" : mode());
    thresholds.add(number());
    if (leaf) {
      leaf(tree, name);
    } else {
      yes.set(at, node(tree, first, depth - 1));
      no.set(at, node(tree, first, depth - 1));
    }
    return name;
  }

  private String mode() {
    if (oneMode) {
      return "BRANCH_LEQ";
    }
    String[] some = categories && random.nextBoolean() ? EQUALITY : ORDER;
    return some[random.nextInt(some.length)];
  }

  private void leaf(long tree, long name) {
    int count = severalWeights ? 1 + random.nextInt(targets + 1) : 1;
    for (int i = 0; i < count; i++) {
      leafTrees.add(tree);
      leafNodes.add(name);
      leafTargets.add(onlyTarget >= 0 ? onlyTarget : (long) random.nextInt(targets));
      double weight = random.nextInt(16) == 0 ? -0.0 : random.nextGaussian();
      leafWeights.add(signed ? weight : Math.abs(weight) / 20);
    }
  }

  /** Half of them are one of a few. */
  double number() {
    return random.nextBoolean() ? NUMBERS[random.nextInt(NUMBERS.length)] : random.nextGaussian();
  }

  /** The attributes of TreeEnsembleRegressor ({@code target}) or -Classifier ({@code class}). */
  OnnxBytes.Attributes attributes(String prefix, boolean doubles) {
    OnnxBytes.Attributes with =
        new OnnxBytes.Attributes()
            .integers("nodes_treeids", longs(trees))
            .integers("nodes_nodeids", longs(nodes))
            .integers("nodes_featureids", longs(column))
            .integers("nodes_truenodeids", longs(yes))
            .integers("nodes_falsenodeids", longs(no))
            .texts("nodes_modes", modes)
            .integers(prefix + "_treeids", longs(leafTrees))
            .integers(prefix + "_nodeids", longs(leafNodes))
            .integers(prefix + "_ids", longs(leafTargets));
    if (missing) {
      with.integers("nodes_missing_value_tracks_true", longs(tracks));
    }
    if (doubles) {
      return with.tensor("nodes_values_as_tensor", 11, numbers(thresholds))
          .tensor(prefix + "_weights_as_tensor", 11, numbers(leafWeights));
    }
    return with.floats("nodes_values", numbers(thresholds))
        .floats(prefix + "_weights", numbers(leafWeights));
  }

  boolean hasInnerNodes() {
    return modes.stream().anyMatch(mode -> !mode.equals("LEAF"));
  }

  /** The attributes of TreeEnsemble, whose leaves have one weight each and lists of their own. */
  OnnxBytes.Attributes numbered(int type) {
    int n = nodes.size();
    int[] position = new int[n];
    int[] weight = new int[n];
    List<Long> roots = new ArrayList<>();
    List<Integer> inner = new ArrayList<>();
    List<Integer> leaves = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      boolean leaf = modes.get(i).equals("LEAF");
      position[i] = leaf ? leaves.size() : inner.size();
      if (nodes.get(i) == 0 && !leaf) {
        roots.add((long) inner.size());
      }
      if (!leaf) {
        inner.add(i);
      } else if (nodes.get(i) != 0) {
        position[i] = leaves.size();
        leaves.add(i);
        weight[i] = firstWeight(i);
      }
    }
    return numbered(type, position, inner, leaves, weight).integers("tree_roots", longs(roots));
  }

  private int firstWeight(int node) {
    for (int i = 0; i < leafNodes.size(); i++) {
      if (leafNodes.get(i).equals(nodes.get(node)) && leafTrees.get(i).equals(trees.get(node))) {
        return i;
      }
    }
    throw new IllegalStateException("a leaf without a weight");
  }

  private OnnxBytes.Attributes numbered(
      int type, int[] position, List<Integer> inner, List<Integer> leaves, int[] weight) {
    List<String> names =
        List.of("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ");
    int n = inner.size();
    long[][] ways = new long[4][n];
    double[] mode = new double[n];
    double[] split = new double[n];
    long[] from = new long[n];
    long[] track = new long[n];
    for (int i = 0; i < n; i++) {
      int node = inner.get(i);
      int start = node - nodes.get(node).intValue();
      int left = start + yes.get(node).intValue();
      int right = start + no.get(node).intValue();
      ways[0][i] = position[left];
      ways[1][i] = modes.get(left).equals("LEAF") ? 1 : 0;
      ways[2][i] = position[right];
      ways[3][i] = modes.get(right).equals("LEAF") ? 1 : 0;
      mode[i] = names.indexOf(modes.get(node));
      split[i] = thresholds.get(node);
      from[i] = column.get(node);
      track[i] = tracks.get(node);
    }
    return new OnnxBytes.Attributes()
        .integers("nodes_truenodeids", ways[0])
        .integers("nodes_trueleafs", ways[1])
        .integers("nodes_falsenodeids", ways[2])
        .integers("nodes_falseleafs", ways[3])
        .integers("nodes_featureids", from)
        .integers("nodes_missing_value_tracks_true", track)
        .tensor("nodes_modes", 2, mode)
        .tensor("nodes_splits", type, split)
        .integers(
            "leaf_targetids",
            leaves.stream().mapToLong(node -> leafTargets.get(weight[node])).toArray())
        .tensor(
            "leaf_weights",
            type,
            leaves.stream().mapToDouble(node -> leafWeights.get(weight[node])).toArray());
  }

  static long[] longs(List<Long> values) {
    return values.stream().mapToLong(Long::longValue).toArray();
  }

  static double[] numbers(List<Double> values) {
    return values.stream().mapToDouble(Double::doubleValue).toArray();
  }
}
