package dev.inflight.tribuo;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tribuo.Model;
import org.tribuo.Output;
import org.tribuo.classification.sgd.protos.ClassificationLinearSGDProto;
import org.tribuo.multilabel.sgd.protos.MultiLabelLinearSGDProto;
import org.tribuo.protos.core.ModelProto;
import org.tribuo.protos.core.WeightedEnsembleModelProto;

/** A compiled form that answers otherwise than Tribuo must never answer anybody. */
class SelfCheckTest {
  static Set<String> trained() {
    return Trained.names();
  }

  static List<String> trees() {
    return trained().stream()
        .filter(name -> name.matches(".*(tree|forest|bagged|boosted|stump).*"))
        .toList();
  }

  static Set<String> linear() {
    Set<String> names = trained();
    names.removeAll(trees());
    names.removeAll(Set.of("extra-trees", "own-weights"));
    return names;
  }

  /** A wrong scorer over the right one. */
  private record Wrong<T extends Output<T>>(Model<T> model, Answers<T> answers, Compiled right) {
    static <T extends Output<T>> Wrong<T> of(Model<T> model) {
      return new Wrong<>(
          model,
          Answers.of(model),
          compiler(model, model.serialize()).compile("right").orElseThrow());
    }

    boolean passes(Scorer scorer) {
      return check(new Compiled(scorer, answers, right.threshold()));
    }

    boolean check(Compiled compiled) {
      return new SelfCheck<>(model, answers, features(model)).passes(compiled);
    }
  }

  /** Keeps the trees of the right one, so that thresholds are probed. */
  private record Altered(Scorer right, Scorer scorer) implements Scorer {
    @Override
    public int score(double[] row, double[] scores, int[] leaves) {
      return scorer.score(row, scores, leaves);
    }

    @Override
    public Optional<Trees> trees() {
      return right.trees();
    }
  }

  private static List<String> features(Model<?> model) {
    List<String> names = new ArrayList<>(model.getFeatureIDMap().keySet());
    names.sort(null);
    return names;
  }

  private static <T extends Output<T>> Compiler<T> compiler(Model<T> model, ModelProto proto) {
    return new Compiler<>(model, proto, Answers.of(model), features(model));
  }

  @ParameterizedTest
  @MethodSource("trained")
  void passes_oneScoreOneUlpHigher_isRefused(String name) {
    Wrong<?> wrong = Wrong.of(Trained.model(name));
    Scorer right = wrong.right.scorer();
    assertThat(wrong.passes(right)).isTrue();
    Scorer higher =
        new Altered(
            right,
            (row, scores, leaves) -> {
              int winner = right.score(row, scores, leaves);
              scores[scores.length - 1] = Math.nextUp(scores[scores.length - 1]);
              return winner;
            });
    assertThat(wrong.passes(higher)).isFalse();
  }

  @ParameterizedTest
  @MethodSource("trees")
  void passes_everyThresholdOneUlpOff_isRefused(String name) {
    Wrong<?> wrong = Wrong.of(Trained.model(name));
    Scorer right = wrong.right.scorer();
    for (boolean up : new boolean[] {true, false}) {
      Scorer shifted =
          new Altered(
              right,
              (row, scores, leaves) -> {
                double[] moved = row.clone();
                for (int i = 0; i < moved.length; i++) {
                  moved[i] = up ? Math.nextUp(moved[i]) : Math.nextDown(moved[i]);
                }
                return right.score(moved, scores, leaves);
              });
      assertThat(wrong.passes(shifted)).as("up: %s", up).isFalse();
    }
  }

  @ParameterizedTest
  @MethodSource("linear")
  void passes_twoColumnsSwapped_isRefused(String name) {
    Wrong<?> wrong = Wrong.of(Trained.model(name));
    Scorer right = wrong.right.scorer();
    int swapped = 0;
    for (int i = 1; i < Trained.FEATURES.size(); i++) {
      int column = i;
      Scorer swap =
          (row, scores, leaves) -> {
            double[] moved = row.clone();
            moved[0] = row[column];
            moved[column] = row[0];
            return right.score(moved, scores, leaves);
          };
      swapped += wrong.passes(swap) ? 0 : 1;
    }
    // A sparse model may use neither of two columns.
    assertThat(swapped).isGreaterThanOrEqualTo(name.matches("lasso|elastic.*|sparse.*") ? 1 : 10);
  }

  @Test
  void passes_anotherLabelOfThoseThatWin_isRefused() {
    Wrong<?> wrong = Wrong.of(Trained.model("label-tree"));
    Scorer right = wrong.right.scorer();
    Scorer other =
        new Altered(
            right, (row, scores, leaves) -> (right.score(row, scores, leaves) + 1) % scores.length);
    assertThat(wrong.passes(other)).isFalse();
  }

  @Test
  void passes_answerWhereTribuoHasNone_isRefused() {
    Wrong<?> wrong = Wrong.of(Trained.model("logistic"));
    Scorer right = wrong.right.scorer();
    Scorer always = (row, scores, leaves) -> Math.max(0, right.score(row, scores, leaves));
    assertThat(wrong.passes(always)).isFalse();
  }

  @Test
  void passes_otherThresholdOfLabels_isRefused() {
    Wrong<?> wrong = Wrong.of(Trained.model("multilabel"));
    assertThat(wrong.check(new Compiled(wrong.right.scorer(), wrong.answers, 0.6))).isFalse();
  }

  @Test
  void compile_fromFileOfAnotherModel_leavesTribuo() throws Exception {
    Model<?> logistic = Trained.model("logistic");
    Model<?> hinge = Trained.model("linear-hinge");
    assertThat(compiler(logistic, hinge.serialize()).compile("logistic")).isEmpty();
    assertThat(compiler(logistic, logistic.serialize()).compile("logistic")).isPresent();
  }

  @Test
  void compile_ofEnsembleWithOtherWeights_leavesTribuo() throws Exception {
    Model<?> model = Trained.model("own-weights");
    ModelProto proto = model.serialize();
    var ensemble = proto.getSerializedData().unpack(WeightedEnsembleModelProto.class).toBuilder();
    ensemble.setWeights(2, Math.nextUp(ensemble.getWeights(2)));
    assertThat(compiler(model, with(proto, Any.pack(ensemble.build()))).compile("m")).isEmpty();
  }

  @Test
  void compile_ofUnknownNormaliserOrCombiner_leavesTribuo() throws Exception {
    Model<?> logistic = Trained.model("logistic");
    ModelProto proto = logistic.serialize();
    var linear = proto.getSerializedData().unpack(ClassificationLinearSGDProto.class).toBuilder();
    linear.getNormalizerBuilder().setClassName("org.example.Normalizer");
    assertThat(compiler(logistic, with(proto, Any.pack(linear.build()))).compile("m")).isEmpty();

    Model<?> forest = Trained.model("forest-full");
    proto = forest.serialize();
    var ensemble = proto.getSerializedData().unpack(WeightedEnsembleModelProto.class).toBuilder();
    ensemble.getCombinerBuilder().setClassName("org.example.Combiner");
    assertThat(compiler(forest, with(proto, Any.pack(ensemble.build()))).compile("m")).isEmpty();
  }

  /** Trainers give no linear model this normaliser, but a file may name it. */
  @Test
  void compile_withEachNormaliserOfTribuo_answersAsTribuo() throws Exception {
    for (String name : List.of("Exp", "Sigmoid", "Noop", "")) {
      ModelProto proto = Trained.model("multilabel").serialize();
      var linear = proto.getSerializedData().unpack(MultiLabelLinearSGDProto.class).toBuilder();
      linear
          .setThreshold(0.25)
          .getNormalizerBuilder()
          .setClassName("org.tribuo.math.util." + name + "Normalizer");
      ModelProto edited = with(proto, Any.pack(linear.build()));
      Model<?> model = Model.deserialize(edited);
      assertThat(compiler(model, edited).compile(name)).as(name).isPresent();
    }
  }

  private static ModelProto with(ModelProto proto, Any data) {
    return proto.toBuilder().setSerializedData(data).build();
  }
}
