package dev.inflight.tribuo;

import com.google.protobuf.InvalidProtocolBufferException;
import java.util.List;
import org.tribuo.Model;
import org.tribuo.classification.Label;
import org.tribuo.common.tree.TreeModel;
import org.tribuo.ensemble.EnsembleModel;
import org.tribuo.protos.core.WeightedEnsembleModelProto;
import org.tribuo.regression.Regressor;

/** Translates Tribuo's decision trees and its weighted ensembles of them. */
final class TreeModels {
  private TreeModels() {}

  @SuppressWarnings("unchecked") // the output's class is compared
  static Compiled alone(Compiler<?> compiler) {
    Model<?> model = compiler.model();
    Class<?> type = model.getOutputIDInfo().getOutput(0).getClass();
    Scorer scorer;
    if (type == Label.class) {
      scorer = labels(compiler, List.of((Model<Label>) model), List.of(1f)).alone();
    } else if (Regressor.class.isAssignableFrom(type)) {
      scorer = values(compiler, List.of((Model<Regressor>) model), List.of(1f)).alone();
    } else {
      throw new UntranslatableException("trees of " + type);
    }
    return new Compiled(scorer, compiler.answers(), 0);
  }

  @SuppressWarnings("unchecked") // a combiner and its models agree on the output's class
  static Compiled ensemble(Compiler<?> compiler) throws InvalidProtocolBufferException {
    var proto = compiler.proto().getSerializedData().unpack(WeightedEnsembleModelProto.class);
    List<Float> weights = proto.getWeightsList();
    List<?> members = ((EnsembleModel<?>) compiler.model()).getModels();
    String combiner = proto.getCombiner().getClassName();
    Scorer scorer =
        switch (combiner) {
          case "org.tribuo.classification.ensemble.VotingCombiner" ->
              labels(compiler, (List<Model<Label>>) members, weights).voting();
          case "org.tribuo.classification.ensemble.FullyWeightedVotingCombiner" ->
              labels(compiler, (List<Model<Label>>) members, weights).fullyWeighted();
          case "org.tribuo.regression.ensemble.AveragingCombiner" ->
              values(compiler, (List<Model<Regressor>>) members, weights).together();
          default -> throw new UntranslatableException("combiner " + combiner);
        };
    return new Compiled(scorer, compiler.answers(), 0);
  }

  private static LabelTrees labels(
      Compiler<?> compiler, List<Model<Label>> members, List<Float> weights) {
    LabelTrees trees = new LabelTrees(compiler);
    for (int i = 0; i < members.size(); i++) {
      if (members.get(i).getClass() != TreeModel.class) {
        throw new UntranslatableException("an ensemble of " + members.get(i).getClass());
      }
      trees.add((TreeModel<Label>) members.get(i), weights.get(i));
    }
    return trees;
  }

  private static ValueTrees values(
      Compiler<?> compiler, List<Model<Regressor>> members, List<Float> weights) {
    ValueTrees trees = new ValueTrees(compiler);
    double sum = 0;
    for (int i = 0; i < members.size(); i++) {
      float weight = weights.get(i);
      sum += weight;
      trees.add(members.get(i), weight / sum);
    }
    return trees;
  }
}
