package dev.inflight.tribuo;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.ToIntFunction;
import org.tribuo.Output;
import org.tribuo.common.tree.LeafNode;
import org.tribuo.common.tree.Node;
import org.tribuo.common.tree.SplitNode;

/**
 * Decision trees in parallel arrays, one entry a node.
 *
 * <p>Invariant: a split's two children are neighbours, the one for "at most the threshold" first,
 * so a step is an addition; a leaf has no feature, and its number in place of a child.
 */
final class Trees {
  private static final int LEAF = -1;

  private int[] features = new int[64];
  private double[] thresholds = new double[64];
  private int[] children = new int[64];
  private int[] roots = new int[16];
  private int nodes;
  private int count;

  /** {@return how many trees there are} */
  int count() {
    return count;
  }

  /** {@return the number of the leaf that {@code row} reaches in that tree} */
  int leaf(int tree, double[] row) {
    int node = roots[tree];
    int feature = features[node];
    while (feature >= 0) {
      node = children[node] + (row[feature] > thresholds[node] ? 1 : 0);
      feature = features[node];
    }
    return children[node];
  }

  /**
   * Adds a tree.
   *
   * @param columns the row's column of each of Tribuo's feature ids
   * @param numbers gives each leaf its number
   */
  <T extends Output<T>> void add(
      Node<T> root, int[] columns, ToIntFunction<? super LeafNode<T>> numbers) {
    roots = count == roots.length ? Arrays.copyOf(roots, 2 * count) : roots;
    roots[count++] = nodes;
    Deque<Node<T>> open = new ArrayDeque<>(List.of(root));
    int at = reserve(1);
    // Nodes leave the queue in the order in which their places were reserved.
    for (Node<T> node = open.poll(); node != null; node = open.poll(), at++) {
      if (node.getClass() == SplitNode.class) {
        SplitNode<T> split = (SplitNode<T>) node;
        features[at] = columns[split.getFeatureID()];
        thresholds[at] = split.splitValue();
        int first = reserve(2); // may replace the arrays
        children[at] = first;
        open.add(split.getLessThanOrEqual());
        open.add(split.getGreaterThan());
      } else if (node.getClass() == LeafNode.class) {
        features[at] = LEAF;
        children[at] = numbers.applyAsInt((LeafNode<T>) node);
      } else {
        throw new UntranslatableException("a node of " + node.getClass());
      }
    }
  }

  private int reserve(int more) {
    int first = nodes;
    nodes = Math.addExact(nodes, more);
    if (nodes > features.length) {
      int capacity = Math.multiplyExact(2, features.length);
      features = Arrays.copyOf(features, capacity);
      thresholds = Arrays.copyOf(thresholds, capacity);
      children = Arrays.copyOf(children, capacity);
    }
    return first;
  }

  /**
   * Changes {@code row} so that a leaf drawn by {@code turns} is reached in that tree, along
   * thresholds and the numbers next to them.
   *
   * @param low a scratch entry a column
   * @param high a scratch entry a column
   */
  void steer(int tree, double[] row, BooleanSupplier turns, double[] low, double[] high) {
    Arrays.fill(low, Double.NEGATIVE_INFINITY);
    Arrays.fill(high, Double.POSITIVE_INFINITY);
    int node = roots[tree];
    while (features[node] >= 0) {
      int f = features[node];
      double threshold = thresholds[node];
      // greater: low < value; otherwise value <= high
      boolean greater = threshold < high[f] && (turns.getAsBoolean() || threshold <= low[f]);
      if (greater) {
        low[f] = Math.max(low[f], threshold);
        row[f] = Math.nextUp(low[f]);
      } else {
        high[f] = Math.min(high[f], threshold);
        row[f] = high[f];
      }
      node = children[node] + (greater ? 1 : 0);
    }
  }
}
