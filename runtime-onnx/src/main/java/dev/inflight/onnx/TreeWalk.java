package dev.inflight.onnx;

/** Ways from the roots to the leaves of an ensemble. Immutable; all lanes share it. */
interface TreeWalk {
  /**
   * Writes the number of the leaf that {@code row} reaches in each tree, in the order of the roots.
   *
   * @param keys scratch, two entries a column
   */
  void leaves(double[] row, long[] keys, int[] leaves);

  /** {@return the quickest way that fits} */
  static TreeWalk of(Ensemble ensemble) {
    return OrderedTrees.canWalk(ensemble) ? new OrderedTrees(ensemble) : new PlainWalk(ensemble);
  }

  /**
   * Node after node, for what {@link OrderedTrees} cannot: tests for equality, as categories have
   * them, and nodes that two others lead to.
   */
  record PlainWalk(Ensemble ensemble) implements TreeWalk {
    @Override
    public void leaves(double[] row, long[] keys, int[] leaves) {
      for (int tree = 0; tree < leaves.length; tree++) {
        int node = ensemble.roots[tree];
        while (!ensemble.isLeaf(node)) {
          boolean yes = ensemble.isYes(node, row[ensemble.column[node]]);
          node = yes ? ensemble.yes[node] : ensemble.no[node];
        }
        leaves[tree] = ensemble.yes[node];
      }
    }
  }
}
