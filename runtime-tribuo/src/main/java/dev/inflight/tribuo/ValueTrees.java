package dev.inflight.tribuo;

import java.util.Arrays;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;
import org.tribuo.Model;
import org.tribuo.common.tree.LeafNode;
import org.tribuo.common.tree.Node;
import org.tribuo.common.tree.TreeModel;
import org.tribuo.regression.Regressor;
import org.tribuo.regression.Regressor.DimensionTuple;
import org.tribuo.regression.rtree.IndependentRegressionTreeModel;

/** Collects regression trees: joint ones, and independent ones with a tree a dimension. */
final class ValueTrees {
  private final Compiler<?> compiler;
  private final Trees trees = new Trees();
  private final IntStream.Builder firsts = IntStream.builder();
  private final IntStream.Builder widths = IntStream.builder();
  private final DoubleStream.Builder ratios = DoubleStream.builder();
  private double[] values = new double[64];
  private int used;

  ValueTrees(Compiler<?> compiler) {
    this.compiler = compiler;
  }

  /** Adds a member with its share of the running mean. */
  void add(Model<Regressor> model, double ratio) {
    int[] columns = compiler.columns(model.getFeatureIDMap());
    if (model.getClass() == TreeModel.class) {
      joint(((TreeModel<Regressor>) model).getRoot(), columns, ratio);
    } else if (model.getClass() == IndependentRegressionTreeModel.class) {
      var roots = ((IndependentRegressionTreeModel) model).getRoots();
      if (roots.size() != compiler.answers().columns().size()) {
        throw new UntranslatableException("as many trees as dimensions expected");
      }
      roots.forEach((name, root) -> independent(name, root, columns, ratio));
    } else {
      throw new UntranslatableException("an ensemble of " + model.getClass());
    }
  }

  private void joint(Node<Regressor> root, int[] columns, double ratio) {
    List<String> names = compiler.answers().columns();
    trees.add(root, columns, leaf -> put(leaf, names));
    describe(0, names.size(), ratio);
  }

  private void independent(String name, Node<Regressor> root, int[] columns, double ratio) {
    trees.add(
        root,
        columns,
        leaf -> {
          if (leaf.getOutput().getClass() != DimensionTuple.class) {
            throw new UntranslatableException("a leaf of " + leaf.getOutput().getClass());
          }
          return put(leaf, List.of(name));
        });
    describe(compiler.target(name), 1, ratio);
  }

  private void describe(int first, int width, double ratio) {
    firsts.add(first);
    widths.add(width);
    ratios.add(ratio);
  }

  private int put(LeafNode<Regressor> leaf, List<String> names) {
    if (!List.of(leaf.getOutput().getNames()).equals(names)) {
      throw new UntranslatableException("a leaf of other dimensions than its tree");
    }
    double[] more = leaf.getOutput().getValues();
    int first = used;
    used += more.length;
    if (used > values.length) {
      values = Arrays.copyOf(values, Math.max(used, 2 * values.length));
    }
    System.arraycopy(more, 0, values, first, more.length);
    return first;
  }

  /** {@return the only member, whose leaves are the answers} */
  ValueForest alone() {
    return new ValueForest(
        trees, firsts.build().toArray(), widths.build().toArray(), new double[0], values);
  }

  /** {@return an ensemble of all members under one running mean} */
  ValueForest together() {
    return new ValueForest(
        trees,
        firsts.build().toArray(),
        widths.build().toArray(),
        ratios.build().toArray(),
        values);
  }
}
