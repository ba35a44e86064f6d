package dev.inflight.onnx;

import java.util.Arrays;

/**
 * Trees whose nodes compare by order, in one array.
 *
 * <p>Invariant: a node is two entries, the first one's position being its name: {@code child << 32
 * | place}, and its limit. Its test is {@code keys[place] <= limit}; the child for that comes
 * first, the other one is its neighbour. A leaf is its own child and its limit the greatest there
 * is, so walking on from it stays there.
 */
final class OrderedTrees implements TreeWalk {
  /*
   * Design: as in runtime-tribuo's Trees, no step branches and eight trees advance side by side. Tribuo compares finite doubles
   * and may subtract them; here NaN and infinity are ordinary input. So numbers become integers of the same order, each column
   * twice: NaN is greater than all others in one, and less in the other; a node looks at the one where NaN goes its way.
   */
  private static final int SIDE_BY_SIDE = 8;
  private static final int SHALLOW = 8;

  private final long[] nodes;
  private final int[] leafNumbers;
  private final int[] roots;
  private final int[] depths;
  private int used;

  static boolean canWalk(Ensemble ensemble) {
    return !ensemble.shared
        && ensemble.mode.length <= Integer.MAX_VALUE / 4
        && Arrays.stream(ensemble.mode)
            .noneMatch(mode -> mode == Ensemble.Mode.EQ || mode == Ensemble.Mode.NEQ);
  }

  OrderedTrees(Ensemble ensemble) {
    int n = ensemble.mode.length;
    nodes = new long[2 * n];
    leafNumbers = new int[n];
    roots = new int[ensemble.trees()];
    depths = new int[ensemble.trees()];
    int[] queue = new int[n];
    for (int tree = 0; tree < roots.length; tree++) {
      add(ensemble, tree, queue);
    }
  }

  /** Level by level: nodes leave the queue in the order in which their places were reserved. */
  private void add(Ensemble ensemble, int tree, int[] queue) {
    int at = used;
    roots[tree] = at;
    queue[0] = ensemble.roots[tree];
    used += 2;
    int endOfLevel = used;
    int queued = 1;
    for (int next = 0; next < queued; next++, at += 2) {
      if (at == endOfLevel) {
        depths[tree]++;
        endOfLevel = used;
      }
      int node = queue[next];
      if (ensemble.isLeaf(node)) {
        put(at, at, 0, Long.MAX_VALUE);
        leafNumbers[at >> 1] = ensemble.yes[node];
      } else {
        boolean lessIsYes =
            ensemble.mode[node] == Ensemble.Mode.LEQ || ensemble.mode[node] == Ensemble.Mode.LT;
        boolean missingIsLess = ensemble.missingIsYes[node] == lessIsYes;
        put(at, used, 2 * ensemble.column[node] + (missingIsLess ? 1 : 0), limit(ensemble, node));
        queue[queued++] = lessIsYes ? ensemble.yes[node] : ensemble.no[node];
        queue[queued++] = lessIsYes ? ensemble.no[node] : ensemble.yes[node];
        used += 4;
      }
    }
  }

  /** The greatest key on the lesser side: of the threshold itself, or of the number before it. */
  private static long limit(Ensemble ensemble, int node) {
    double threshold = ensemble.threshold[node];
    Ensemble.Mode mode = ensemble.mode[node];
    if (Double.isNaN(threshold)) {
      // No number is on yes's side, whichever that is.
      boolean lessIsYes = mode == Ensemble.Mode.LEQ || mode == Ensemble.Mode.LT;
      return lessIsYes ? Long.MIN_VALUE : Long.MAX_VALUE - 1;
    }
    boolean itself = mode == Ensemble.Mode.LEQ || mode == Ensemble.Mode.GT;
    return key(threshold) - (itself ? 0 : 1);
  }

  private void put(int at, int child, int place, long limit) {
    nodes[at] = (long) child << 32 | place;
    nodes[at + 1] = limit;
  }

  /** Keeps the order of numbers, both zeros being one; NaN is not asked for. */
  private static long key(double value) {
    long bits = Double.doubleToRawLongBits(value + 0.0);
    return bits ^ (bits >> 63) >>> 1;
  }

  private static void keys(double[] row, long[] keys) {
    for (int column = 0; column < row.length; column++) {
      double value = row[column];
      long key = key(value);
      boolean missing = Double.isNaN(value);
      keys[2 * column] = missing ? Long.MAX_VALUE : key;
      keys[2 * column + 1] = missing ? Long.MIN_VALUE : key;
    }
  }

  @Override
  public void leaves(double[] row, long[] keys, int[] leaves) {
    keys(row, keys);
    long[] nodes = this.nodes;
    int count = roots.length;
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
        a = next(nodes, a, keys);
        b = next(nodes, b, keys);
        c = next(nodes, c, keys);
        d = next(nodes, d, keys);
        e = next(nodes, e, keys);
        f = next(nodes, f, keys);
        g = next(nodes, g, keys);
        h = next(nodes, h, keys);
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
        node = next(nodes, node, keys);
      }
      leaves[tree] = leafNumbers[node >> 1];
    }
  }

  private static int next(long[] nodes, int node, long[] keys) {
    long head = nodes[node];
    long limit = nodes[node + 1];
    long key = keys[(int) head];
    // The sign of limit - key, right where that overflows too: set where limit < key.
    long less = (limit & ~key) | (~(limit ^ key) & (limit - key));
    return (int) (head >>> 32) + (int) (less >>> 62 & 2);
  }

  /** 0 at a leaf. */
  private int beyond(int node) {
    return (int) (nodes[node] >>> 32) - node;
  }
}
