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
 * Decision trees in one array.
 *
 * <p>Invariant: a node is two entries, the first one's position being its name: {@code child << 32
 * | column}, and the bits of its threshold, never NaN or -0.0. A split's two children are
 * neighbours, the one for "at most the threshold" first. A leaf is its own child and its threshold
 * infinite, so walking on from it stays there.
 */
final class Trees {
  /*
   * Design: which way a row turns cannot be predicted, and a wrong guess costs more than a step. So no step branches: the sign
   * of threshold - value, 0 where they are equal, is added to the child; finite values never give NaN. Eight trees advance side
   * by side because a step alone waits for memory, and all of them take the steps of the longest way.
   */
  private static final int SIDE_BY_SIDE = 8;

  /**
   * Steps before the eight look whether all are at leaves; most leaves of a deep tree are not deep.
   */
  private static final int SHALLOW = 8;

  private long[] nodes = new long[128];
  private int[] leafNumbers = new int[64];
  private int[] roots = new int[16];
  private int[] depths = new int[16];
  private int used;
  private int count;

  /** {@return how many trees there are} */
  int count() {
    return count;
  }

  /**
   * Writes the number of the leaf that {@code row} reaches in each tree.
   *
   * @param row finite values
   * @param leaves at least {@link #count} entries
   */
  void leaves(double[] row, int[] leaves) {
    long[] nodes = this.nodes;
    int tree = 0;
    for (; tree + SIDE_BY_SIDE <= count; tree += SIDE_BY_SIDE) {
      int a = roots[tree];
      int b = roots[tree + 1];
      int c = roots[tree + 2];
      int d = roots[tree + 3];
      int e = roots[tree + 4];
      int f = roots[tree + 5];
      int g = roots[tree + 6];
      int h = roots[tree + 7];
      int steps = 0;
      for (int i = tree; i < tree + SIDE_BY_SIDE; i++) {
        steps = Math.max(steps, depths[i]);
      }
      for (int step = 0; step < steps; step++) {
        a = next(nodes, a, row);
        b = next(nodes, b, row);
        c = next(nodes, c, row);
        d = next(nodes, d, row);
        e = next(nodes, e, row);
        f = next(nodes, f, row);
        g = next(nodes, g, row);
        h = next(nodes, h, row);
        if (step >= SHALLOW
            && (beyond(a) | beyond(b) | beyond(c) | beyond(d) | beyond(e) | beyond(f) | beyond(g)
                    | beyond(h))
                == 0) {
          break;
        }
      }
      leaves[tree] = leafNumbers[a >> 1];
      leaves[tree + 1] = leafNumbers[b >> 1];
      leaves[tree + 2] = leafNumbers[c >> 1];
      leaves[tree + 3] = leafNumbers[d >> 1];
      leaves[tree + 4] = leafNumbers[e >> 1];
      leaves[tree + 5] = leafNumbers[f >> 1];
      leaves[tree + 6] = leafNumbers[g >> 1];
      leaves[tree + 7] = leafNumbers[h >> 1];
    }
    for (; tree < count; tree++) {
      int node = roots[tree];
      for (int step = 0; step < depths[tree]; step++) {
        node = next(nodes, node, row);
      }
      leaves[tree] = leafNumbers[node >> 1];
    }
  }

  private static int next(long[] nodes, int node, double[] row) {
    long head = nodes[node];
    double difference = Double.longBitsToDouble(nodes[node + 1]) - row[(int) head];
    return (int) (head >>> 32) + (int) (Double.doubleToRawLongBits(difference) >>> 62 & 2);
  }

  /** 0 at a leaf. */
  private int beyond(int node) {
    return (int) (nodes[node] >>> 32) - node;
  }

  /**
   * Adds a tree.
   *
   * @param columns the row's column of each of Tribuo's feature ids
   * @param numbers gives each leaf its number
   */
  <T extends Output<T>> void add(
      Node<T> root, int[] columns, ToIntFunction<? super LeafNode<T>> numbers) {
    if (count == roots.length) {
      roots = Arrays.copyOf(roots, 2 * count);
      depths = Arrays.copyOf(depths, 2 * count);
    }
    int at = reserve(1);
    roots[count] = at;
    int endOfLevel = used;
    Deque<Node<T>> open = new ArrayDeque<>(List.of(root));
    // Nodes leave the queue in the order in which their places were reserved.
    for (Node<T> node = open.poll(); node != null; node = open.poll(), at += 2) {
      if (at == endOfLevel) {
        depths[count]++;
        endOfLevel = used;
      }
      if (node.getClass() == SplitNode.class) {
        SplitNode<T> split = (SplitNode<T>) node;
        put(at, reserve(2), columns[split.getFeatureID()], split.splitValue());
        open.add(split.getLessThanOrEqual());
        open.add(split.getGreaterThan());
      } else if (node.getClass() == LeafNode.class) {
        put(at, at, 0, Double.POSITIVE_INFINITY);
        leafNumbers[at >> 1] = numbers.applyAsInt((LeafNode<T>) node);
      } else {
        throw new UntranslatableException("a node of " + node.getClass());
      }
    }
    count++;
  }

  private void put(int at, int child, int column, double threshold) {
    if (Double.isNaN(threshold)) {
      throw new UntranslatableException("a threshold that is not a number");
    }
    nodes[at] = (long) child << 32 | column;
    nodes[at + 1] = Double.doubleToRawLongBits(threshold + 0.0); // -0.0 becomes 0.0
  }

  private int reserve(int more) {
    int first = used;
    used = Math.addExact(used, 2 * more);
    if (used > nodes.length) {
      nodes = Arrays.copyOf(nodes, Math.multiplyExact(2, nodes.length));
      leafNumbers = Arrays.copyOf(leafNumbers, nodes.length / 2);
    }
    return first;
  }

  /**
   * Changes {@code row} so that a leaf drawn by {@code turns} is reached in that tree, along
   * thresholds and the numbers next to them.
   */
  void steer(int tree, double[] row, BooleanSupplier turns) {
    double[] low = new double[row.length];
    double[] high = new double[row.length];
    Arrays.fill(low, Double.NEGATIVE_INFINITY);
    Arrays.fill(high, Double.POSITIVE_INFINITY);
    int node = roots[tree];
    for (int step = 0; step < depths[tree]; step++) {
      int child = (int) (nodes[node] >>> 32);
      if (child == node) {
        return;
      }
      int f = (int) nodes[node];
      double threshold = Double.longBitsToDouble(nodes[node + 1]);
      // greater: low < value; otherwise value <= high
      boolean greater = threshold < high[f] && (turns.getAsBoolean() || threshold <= low[f]);
      if (greater) {
        low[f] = Math.max(low[f], threshold);
        row[f] = Math.nextUp(low[f]);
      } else {
        high[f] = Math.min(high[f], threshold);
        row[f] = high[f];
      }
      node = child + (greater ? 2 : 0);
    }
  }
}
