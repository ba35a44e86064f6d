package dev.inflight.onnx;

import dev.inflight.onnx.Ensemble.Mode;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** From an operator's attributes to its trees. */
final class EnsembleReader {
  /** By the numbers of TreeEnsemble; 6 is a set's member. */
  private static final Mode[] NUMBERED = {Mode.LEQ, Mode.LT, Mode.GTE, Mode.GT, Mode.EQ, Mode.NEQ};

  private record NodeName(long tree, long node) {}

  private EnsembleReader() {}

  /**
   * {@return the trees of a TreeEnsembleRegressor or TreeEnsembleClassifier}
   *
   * @param prefix of the attributes of leaves: {@code target} or {@code class}
   */
  static Ensemble named(OnnxNode operator, String prefix) {
    long[] trees = operator.integers("nodes_treeids");
    long[] ids = operator.integers("nodes_nodeids");
    List<String> modes = operator.texts("nodes_modes");
    int n = trees.length;
    Mode[] mode = new Mode[n];
    Map<NodeName, Integer> positions = new HashMap<>();
    requireSize(n, "nodes_nodeids", ids.length);
    requireSize(n, "nodes_modes", modes.size());
    for (int i = 0; i < n; i++) {
      mode[i] = mode(modes.get(i));
      positions.put(new NodeName(trees[i], ids[i]), i);
    }
    requireSize(n, "the different nodes", positions.size());
    int[] yes = children(operator, "nodes_truenodeids", mode, positions);
    int[] no = children(operator, "nodes_falsenodeids", mode, positions);
    Leaves leaves = leaves(operator, prefix, mode, yes, positions);
    return new Ensemble(
        mode,
        ints(operator, "nodes_featureids", n),
        sized(operator.floatsOrTensor("nodes_values"), "nodes_values", n),
        missing(operator, n),
        yes,
        no,
        roots(trees),
        leaves.from,
        leaves.target,
        leaves.weight);
  }

  private static Mode mode(String name) {
    return switch (name) {
      case "BRANCH_LEQ" -> Mode.LEQ;
      case "BRANCH_LT" -> Mode.LT;
      case "BRANCH_GTE" -> Mode.GTE;
      case "BRANCH_GT" -> Mode.GT;
      case "BRANCH_EQ" -> Mode.EQ;
      case "BRANCH_NEQ" -> Mode.NEQ;
      case "LEAF" -> Mode.LEAF;
      default -> throw new UncompilableException("a node of mode " + name);
    };
  }

  private static int[] children(
      OnnxNode operator, String attribute, Mode[] mode, Map<NodeName, Integer> positions) {
    long[] trees = operator.integers("nodes_treeids");
    long[] names = operator.integers(attribute);
    requireSize(mode.length, attribute, names.length);
    int[] children = new int[mode.length];
    for (int i = 0; i < mode.length; i++) {
      if (mode[i] != Mode.LEAF) {
        children[i] = position(positions, trees[i], names[i]);
      }
    }
    return children;
  }

  private static int position(Map<NodeName, Integer> positions, long tree, long node) {
    Integer position = positions.get(new NodeName(tree, node));
    if (position == null) {
      throw new UncompilableException("no node " + node + " in tree " + tree);
    }
    return position;
  }

  /** A tree's first node is its root, whatever its number. */
  private static int[] roots(long[] trees) {
    Set<Long> seen = new HashSet<>();
    List<Integer> roots = new ArrayList<>();
    for (int i = 0; i < trees.length; i++) {
      if (i == 0 || trees[i] != trees[i - 1]) {
        if (trees[i] < 0 || !seen.add(trees[i])) {
          throw new UncompilableException("the nodes of tree " + trees[i] + " are not together");
        }
        roots.add(i);
      }
    }
    return roots.stream().mapToInt(Integer::intValue).toArray();
  }

  private static final class Leaves {
    final int[] from;
    final int[] target;
    final double[] weight;

    Leaves(int[] from, int[] target, double[] weight) {
      this.from = from;
      this.target = target;
      this.weight = weight;
    }
  }

  /** Numbers the leaves; a leaf's weights keep their order. */
  private static Leaves leaves(
      OnnxNode operator, String prefix, Mode[] mode, int[] yes, Map<NodeName, Integer> positions) {
    long[] trees = operator.integers(prefix + "_treeids");
    long[] nodes = operator.integers(prefix + "_nodeids");
    int n = trees.length;
    requireSize(n, prefix + "_nodeids", nodes.length);
    int[] targets = ints(operator, prefix + "_ids", n);
    double[] weights = sized(operator.floatsOrTensor(prefix + "_weights"), prefix + "_weights", n);
    int leaves = 0;
    for (int i = 0; i < mode.length; i++) {
      if (mode[i] == Mode.LEAF) {
        yes[i] = leaves++;
      }
    }
    int[] leaf = new int[n];
    int[] from = new int[leaves + 1];
    for (int i = 0; i < n; i++) {
      int node = position(positions, trees[i], nodes[i]);
      // Old converters gave inner nodes weights too; ONNX Runtime ignores those.
      leaf[i] = mode[node] == Mode.LEAF ? yes[node] : -1;
      if (leaf[i] >= 0) {
        from[leaf[i] + 1]++;
      }
    }
    for (int i = 0; i < leaves; i++) {
      if (from[i + 1] == 0) {
        throw new UncompilableException("a leaf without a weight");
      }
      from[i + 1] += from[i];
    }
    int[] next = from.clone();
    int[] target = new int[from[leaves]];
    double[] weight = new double[from[leaves]];
    for (int i = 0; i < n; i++) {
      if (leaf[i] >= 0) {
        int at = next[leaf[i]]++;
        target[at] = targets[i];
        weight[at] = weights[i];
      }
    }
    return new Leaves(from, target, weight);
  }

  /** {@return the trees of a TreeEnsemble} Its leaves are behind the other nodes here. */
  static Ensemble numbered(OnnxNode operator) {
    double[] modes = operator.tensor("nodes_modes");
    int inner = modes.length;
    int[] targets = ints(operator, "leaf_targetids", -1);
    int n = inner + targets.length;
    Mode[] mode = new Mode[n];
    Arrays.fill(mode, Mode.LEAF);
    for (int i = 0; i < inner; i++) {
      if (modes[i] >= NUMBERED.length) {
        throw new UncompilableException("a node of mode " + (int) modes[i]);
      }
      mode[i] = NUMBERED[(int) modes[i]];
    }
    int[] yes = numberedChildren(operator, "true", inner, n);
    int[] no = numberedChildren(operator, "false", inner, n);
    int[] from = new int[targets.length + 1];
    for (int i = 0; i < targets.length; i++) {
      yes[inner + i] = i;
      from[i + 1] = i + 1;
    }
    int[] roots = ints(operator, "tree_roots", -1);
    for (int root : roots) {
      if (root < 0 || root >= inner || yes[root] == no[root]) {
        throw new UncompilableException("a tree of one leaf");
      }
    }
    double[] splits = sized(operator.tensor("nodes_splits"), "nodes_splits", inner);
    return new Ensemble(
        mode,
        Arrays.copyOf(ints(operator, "nodes_featureids", inner), n),
        Arrays.copyOf(splits, n),
        Arrays.copyOf(missing(operator, inner), n),
        yes,
        no,
        roots,
        from,
        targets,
        sized(operator.tensor("leaf_weights"), "leaf_weights", targets.length));
  }

  private static int[] numberedChildren(OnnxNode operator, String way, int inner, int n) {
    int[] children = Arrays.copyOf(ints(operator, "nodes_" + way + "nodeids", inner), n);
    int[] leaf = ints(operator, "nodes_" + way + "leafs", inner);
    for (int i = 0; i < inner; i++) {
      children[i] += leaf[i] == 0 ? 0 : inner;
      if (children[i] < 0 || children[i] >= n || (leaf[i] == 0 && children[i] >= inner)) {
        throw new UncompilableException("a node that leads nowhere");
      }
    }
    return children;
  }

  private static boolean[] missing(OnnxNode operator, int n) {
    long[] tracks = operator.integers("nodes_missing_value_tracks_true");
    boolean[] missing = new boolean[n];
    for (int i = 0; i < Math.min(n, tracks.length); i++) {
      missing[i] = tracks[i] == 1;
    }
    return missing;
  }

  /** Any size if {@code n} is negative. */
  private static int[] ints(OnnxNode operator, String attribute, int n) {
    long[] values = operator.integers(attribute);
    if (n >= 0) {
      requireSize(n, attribute, values.length);
    }
    return Arrays.stream(values).mapToInt(Math::toIntExact).toArray();
  }

  private static double[] sized(double[] values, String attribute, int n) {
    requireSize(n, attribute, values.length);
    return values;
  }

  private static void requireSize(int expected, String what, int got) {
    if (expected != got) {
      throw new UncompilableException(what + ": expected " + expected + ", got " + got);
    }
  }
}
