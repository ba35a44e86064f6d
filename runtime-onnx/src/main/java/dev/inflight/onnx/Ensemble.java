package dev.inflight.onnx;

import java.util.Arrays;

/**
 * The trees of one operator as the file has them, checked: every node exists, no way is endless,
 * every leaf has a weight. Positions are those of the file's lists.
 *
 * <p>Invariant: the lists are never changed; {@code yes} of a leaf is its number, which leads to
 * its weights: {@code [from[leaf], from[leaf + 1])}, in the order in which ONNX Runtime adds them.
 */
final class Ensemble {
  /** What a node asks of {@code row[column]} and its threshold. */
  enum Mode {
    LEQ,
    LT,
    GTE,
    GT,
    EQ,
    NEQ,
    LEAF
  }

  final Mode[] mode;
  final int[] column;
  final double[] threshold;

  /** Whether a value that is NaN takes the way of yes. */
  final boolean[] missingIsYes;

  final int[] yes;
  final int[] no;
  final int[] roots;
  final int[] from;
  final int[] target;
  final double[] weight;

  /** Whether two ways lead to one node: then they are no trees. */
  final boolean shared;

  Ensemble(
      Mode[] mode,
      int[] column,
      double[] threshold,
      boolean[] missingIsYes,
      int[] yes,
      int[] no,
      int[] roots,
      int[] from,
      int[] target,
      double[] weight) {
    this.mode = mode;
    this.column = column;
    this.threshold = threshold;
    this.missingIsYes = missingIsYes;
    this.yes = yes;
    this.no = no;
    this.roots = roots;
    this.from = from;
    this.target = target;
    this.weight = weight;
    shared = requireNoCircle();
  }

  boolean isLeaf(int node) {
    return mode[node] == Mode.LEAF;
  }

  int trees() {
    return roots.length;
  }

  /** ONNX Runtime's test: NaN is not equal to anything, not greater and not less. */
  boolean isYes(int node, double value) {
    double t = threshold[node];
    boolean answer =
        switch (mode[node]) {
          case LEQ -> value <= t;
          case LT -> value < t;
          case GTE -> value >= t;
          case GT -> value > t;
          case EQ -> value == t;
          case NEQ -> value != t;
          case LEAF -> throw new IllegalStateException("a leaf asks nothing");
        };
    return answer || (missingIsYes[node] && Double.isNaN(value));
  }

  /**
   * @throws UncompilableException if a column or a target is not there
   */
  void require(int columns, int targets) {
    for (int node = 0; node < mode.length; node++) {
      if (!isLeaf(node) && (column[node] < 0 || column[node] >= columns)) {
        throw new UncompilableException("a node of column " + column[node] + " of " + columns);
      }
    }
    for (int t : target) {
      if (t < 0 || t >= targets) {
        throw new UncompilableException("a weight of target " + t + " of " + targets);
      }
    }
    if (roots.length == 0) {
      throw new UncompilableException("no tree");
    }
  }

  /** Takes away, again and again, what nobody points to; a circle would be left. */
  private boolean requireNoCircle() {
    int n = mode.length;
    int[] pointers = new int[n];
    for (int node = 0; node < n; node++) {
      if (!isLeaf(node)) {
        pointers[yes[node]]++;
        pointers[no[node]]++;
      }
    }
    boolean anyShared =
        Arrays.stream(pointers).anyMatch(count -> count > 1)
            || Arrays.stream(roots).anyMatch(root -> pointers[root] > 0);
    int[] free = new int[n];
    int found = 0;
    for (int node = 0; node < n; node++) {
      if (pointers[node] == 0) {
        free[found++] = node;
      }
    }
    for (int next = 0; next < found; next++) {
      int node = free[next];
      if (!isLeaf(node)) {
        for (int child : new int[] {yes[node], no[node]}) {
          if (--pointers[child] == 0) {
            free[found++] = child;
          }
        }
      }
    }
    if (found < n) {
      throw new UncompilableException("nodes in a circle");
    }
    return anyShared;
  }
}
