package dev.inflight.tribuo;

import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.function.Function;
import org.tribuo.classification.Label;
import org.tribuo.common.tree.LeafNode;
import org.tribuo.common.tree.TreeModel;

/** Collects decision trees of labels, with what each leaf says. */
final class LabelTrees {
  private record Leaf(LeafNode<Label> node, float weight) {}

  private final Compiler<?> compiler;
  private final Trees trees = new Trees();
  private final List<Leaf> leaves = new ArrayList<>();

  LabelTrees(Compiler<?> compiler) {
    this.compiler = compiler;
  }

  void add(TreeModel<Label> model, float weight) {
    trees.add(
        model.getRoot(),
        compiler.columns(model.getFeatureIDMap()),
        leaf -> {
          leaves.add(new Leaf(leaf, weight));
          return leaves.size() - 1;
        });
  }

  /** {@return the only tree, whose leaves are the answers} */
  LabelTree alone() {
    int width = compiler.answers().columns().size();
    int[] labels = new int[leaves.size()];
    double[] scores = new double[width * labels.length];
    for (int i = 0; i < labels.length; i++) {
      LeafNode<Label> leaf = leaves.get(i).node;
      labels[i] = target(leaf.getOutput());
      leaf.getDistribution()
          .forEach((name, score) -> requireSame(name, score)); // Answers looks scores up by key
      for (Label score : leaf.getDistribution().values()) {
        scores[i * width + target(score)] = score.getScore();
      }
    }
    return new LabelTree(trees, labels, scores);
  }

  /** {@return an ensemble in which each tree gives its weight to the label of its leaf} */
  LabelForest voting() {
    return forest(leaf -> List.of(new Label(leaf.getOutput().getLabel(), 1.0)));
  }

  /** {@return an ensemble in which each tree gives every label its score times its weight} */
  LabelForest fullyWeighted() {
    return forest(leaf -> leaf.getDistribution().values());
  }

  private LabelForest forest(Function<LeafNode<Label>, Collection<Label>> votesOf) {
    int[] starts = new int[leaves.size() + 1];
    List<Label> all = new ArrayList<>();
    for (int i = 0; i < leaves.size(); i++) {
      for (Label label : votesOf.apply(leaves.get(i).node)) {
        all.add(new Label(label.getLabel(), leaves.get(i).weight * label.getScore()));
      }
      starts[i + 1] = all.size();
    }
    return new LabelForest(
        trees,
        starts,
        all.stream().mapToInt(this::target).toArray(),
        all.stream().mapToDouble(Label::getScore).toArray());
  }

  private int target(Label label) {
    return compiler.target(label.getLabel());
  }

  private static void requireSame(String name, Label score) {
    if (!name.equals(score.getLabel())) {
      throw new UntranslatableException("a leaf's score of another label than its key");
    }
  }
}
