package dev.inflight.tribuo;

import com.google.protobuf.InvalidProtocolBufferException;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.tribuo.ImmutableFeatureMap;
import org.tribuo.Model;
import org.tribuo.Output;
import org.tribuo.VariableIDInfo;
import org.tribuo.protos.core.ModelProto;

/**
 * Translates the models whose arithmetic is known to the last bit: linear ones, decision trees, and
 * ensembles of decision trees.
 *
 * @param proto the file, for what Tribuo keeps to itself
 * @param features the row's columns
 */
record Compiler<T extends Output<T>>(
    Model<T> model, ModelProto proto, Answers<T> answers, List<String> features) {
  private static final Logger log = LoggerFactory.getLogger(Compiler.class);

  /** {@return the model as flat arrays, if it is of a kind that can be, and passed its check} */
  Optional<Compiled> compile(String label) {
    try {
      Optional<Compiled> compiled = translate();
      if (compiled.isPresent()
          && !new SelfCheck<>(model, answers, features).passes(compiled.get())) {
        log.warn("{}: the compiled form answers otherwise than Tribuo, which runs instead", label);
        return Optional.empty();
      }
      return compiled;
    } catch (UntranslatableException e) {
      log.debug("{} is not compiled: {}", label, e.getMessage());
    } catch (InvalidProtocolBufferException | RuntimeException | LinkageError e) {
      log.warn("{}: compiling failed, Tribuo runs the model instead", label, e);
    }
    return Optional.empty();
  }

  /**
   * Classes are compared by name, and each kind is in a file of its own, so that absent modules are
   * never touched.
   */
  private Optional<Compiled> translate() throws InvalidProtocolBufferException {
    return switch (model.getClass().getName()) {
      case "org.tribuo.classification.sgd.linear.LinearSGDModel" ->
          Optional.of(new LinearModels(this).labels());
      case "org.tribuo.multilabel.sgd.linear.LinearSGDModel" ->
          Optional.of(new LinearModels(this).multiLabels());
      case "org.tribuo.regression.sgd.linear.LinearSGDModel" ->
          Optional.of(new LinearModels(this).values());
      case "org.tribuo.regression.slm.SparseLinearModel" ->
          Optional.of(new SparseLinearModels(this).values());
      case "org.tribuo.common.tree.TreeModel",
          "org.tribuo.regression.rtree.IndependentRegressionTreeModel" ->
          Optional.of(TreeModels.alone(this));
      case "org.tribuo.ensemble.WeightedEnsembleModel" -> Optional.of(TreeModels.ensemble(this));
      default -> Optional.empty();
    };
  }

  /** {@return the row's column of each feature id of {@code map}} */
  int[] columns(ImmutableFeatureMap map) {
    if (map.getClass() != ImmutableFeatureMap.class || map.size() == 0) {
      throw new UntranslatableException("a feature domain of " + map.getClass());
    }
    int[] columns = new int[map.size()];
    for (int id = 0; id < columns.length; id++) {
      VariableIDInfo feature = map.get(id);
      columns[id] = feature == null ? -1 : features.indexOf(feature.getName());
      if (columns[id] < 0) {
        throw new UntranslatableException("feature " + id + " is not in the row");
      }
    }
    return columns;
  }

  /** {@return the place of that label or dimension among the scores} */
  int target(String name) {
    int target = answers.columns().indexOf(name);
    if (target < 0) {
      throw new UntranslatableException("'" + name + "' is not an output of the model");
    }
    return target;
  }
}
