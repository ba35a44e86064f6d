package dev.inflight.bench.model;

import java.util.StringJoiner;

/** A forest in the text formats of other libraries. */
public final class ForestText {
  private final Forest forest;

  /** Over that forest. */
  public ForestText(Forest forest) {
    this.forest = forest;
  }

  /** {@return LightGBM's model file} */
  public String lightGbm() {
    StringJoiner names = new StringJoiner(" ");
    StringJoiner infos = new StringJoiner(" ");
    for (int i = 0; i < forest.features(); i++) {
      names.add("f" + i);
      infos.add("[0:1]");
    }
    StringBuilder text = new StringBuilder();
    text.append("tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\n");
    text.append("max_feature_idx=").append(forest.features() - 1).append('\n');
    text.append("objective=regression\n");
    text.append("feature_names=").append(names).append('\n');
    text.append("feature_infos=").append(infos).append("\n\n");
    for (int t = 0; t < forest.trees(); t++) {
      lightGbmTree(text, t);
    }
    return text.append("end of trees\n\nfeature_importances:\n\nparameters:\nend of parameters\n")
        .toString();
  }

  private void lightGbmTree(StringBuilder text, int tree) {
    int inner = forest.innerNodes();
    String[] keys = {
      "split_feature", "split_gain", "threshold", "decision_type", "left_child", "right_child"
    };
    StringJoiner[] lines = new StringJoiner[keys.length];
    for (int i = 0; i < keys.length; i++) {
      lines[i] = new StringJoiner(" ", keys[i] + "=", "\n");
    }
    for (int i = 0; i < inner; i++) {
      lines[0].add(Integer.toString(forest.feature(tree, i)));
      lines[1].add("1");
      lines[2].add(Double.toString(forest.threshold(tree, i)));
      lines[3].add("2");
      lines[4].add(Integer.toString(child(2 * i + 1)));
      lines[5].add(Integer.toString(child(2 * i + 2)));
    }
    text.append("Tree=").append(tree).append("\nnum_leaves=").append(inner + 1);
    text.append("\nnum_cat=0\n");
    for (StringJoiner line : lines) {
      text.append(line);
    }
    StringJoiner leaves = new StringJoiner(" ", "leaf_value=", "\n");
    for (int i = 0; i <= inner; i++) {
      leaves.add(Double.toString(forest.leaf(tree, i)));
    }
    text.append(leaves).append("is_linear=0\nshrinkage=1\n\n\n");
  }

  private int child(int node) {
    return node < forest.innerNodes() ? node : ~(node - forest.innerNodes());
  }

  /** {@return PMML: a mining model that sums its segments} */
  public String pmml() {
    StringBuilder text = PmmlText.begin(forest.features());
    text.append("<MiningModel functionName=\"regression\">");
    PmmlText.miningSchema(text, forest.features());
    text.append("<Segmentation multipleModelMethod=\"sum\">");
    for (int t = 0; t < forest.trees(); t++) {
      text.append("<Segment id=\"").append(t + 1).append("\"><True/>");
      text.append("<TreeModel functionName=\"regression\" splitCharacteristic=\"binarySplit\">");
      PmmlText.miningSchema(text, forest.features());
      text.append("<Node id=\"0\"><True/>");
      pmmlChildren(text, t, 0);
      text.append("</Node></TreeModel></Segment>");
    }
    return text.append("</Segmentation></MiningModel></PMML>").toString();
  }

  private void pmmlChildren(StringBuilder text, int tree, int node) {
    String[] operators = {"lessOrEqual", "greaterThan"};
    for (int side = 0; side < 2; side++) {
      int child = 2 * node + 1 + side;
      text.append("<Node id=\"").append(child).append('"');
      if (child >= forest.innerNodes()) {
        float score = forest.leaf(tree, child - forest.innerNodes());
        text.append(" score=\"").append(score).append('"');
      }
      text.append("><SimplePredicate field=\"f").append(forest.feature(tree, node));
      text.append("\" operator=\"").append(operators[side]).append("\" value=\"");
      text.append(forest.threshold(tree, node)).append("\"/>");
      if (child < forest.innerNodes()) {
        pmmlChildren(text, tree, child);
      }
      text.append("</Node>");
    }
  }
}
