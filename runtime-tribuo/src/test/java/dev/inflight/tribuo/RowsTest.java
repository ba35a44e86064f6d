package dev.inflight.tribuo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.Codec;
import dev.inflight.InvalidInputException;
import dev.inflight.Lane;
import dev.inflight.Lanes;
import dev.inflight.Model;
import dev.inflight.ModelInfo;
import dev.inflight.ModelSlot;
import dev.inflight.Outcome;
import dev.inflight.PredictionFailedException;
import dev.inflight.Runner;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tribuo.Example;
import org.tribuo.classification.Label;
import org.tribuo.classification.LabelFactory;
import org.tribuo.impl.ArrayExample;

/** What a row may hold, and what becomes of one that does not fit. */
class RowsTest {
  private static final Lanes LANES = Lanes.of(2);

  @AfterAll
  static void closeLanes() {
    LANES.close();
  }

  /** In an order that is neither the file's nor the names'. */
  record Cancer(
      double meanFractalDimension,
      double meanArea,
      double meanSymmetry,
      double meanPerimeter,
      double meanConcavePoints,
      double meanTexture,
      double meanConcavity,
      double meanRadius,
      double meanCompactness,
      double meanSmoothness) {}

  record Diagnosis(String label, double probability, double malignant) {}

  record Value(double values) {}

  record Flower(double petalLength, double petalWidth, double sepalLength, double sepalWidth) {}

  record Cluster(long cluster) {}

  record Labels(Map<String, Double> scores) {}

  static List<String> codecModels() {
    List<String> names = new ArrayList<>(StoredModels.plain());
    names.remove(StoredModels.REFUSED);
    return names;
  }

  @Test
  void record_withOtherOrder_isBoundByName() {
    StoredModels.Table table = StoredModels.rows("cancer-linear");
    List<String> expected = StoredModels.expected("cancer-linear");
    var loader = TribuoLoader.of(Codec.records(Cancer.class, Diagnosis.class));
    try (var slot = ModelSlot.of(loader.load(StoredModels.artifact("cancer-linear")), LANES)) {
      for (int i = 0; i < table.rows().size(); i++) {
        Diagnosis got = slot.predictor().predict(cancer(table.names(), table.rows().get(i)));
        String[] cells = expected.get(i + 1).split("\t", -1);
        double benign = Double.parseDouble(cells[1]);
        double malignant = Double.parseDouble(cells[2]);
        assertThat(got).isEqualTo(new Diagnosis(cells[0], Math.max(benign, malignant), malignant));
      }
    }
  }

  private static Cancer cancer(List<String> names, double[] row) {
    return new Cancer(
        row[names.indexOf("mean fractal dimension")],
        row[names.indexOf("mean area")],
        row[names.indexOf("mean symmetry")],
        row[names.indexOf("mean perimeter")],
        row[names.indexOf("mean concave points")],
        row[names.indexOf("mean texture")],
        row[names.indexOf("mean concavity")],
        row[names.indexOf("mean radius")],
        row[names.indexOf("mean compactness")],
        row[names.indexOf("mean smoothness")]);
  }

  @Test
  void record_ofOtherKinds_isAnswered() {
    Flower flower = new Flower(3.3, 1.0, 5.0, 2.3);
    var clusters = TribuoLoader.of(Codec.records(Flower.class, Cluster.class));
    try (var slot = ModelSlot.of(clusters.load(StoredModels.artifact("iris-kmeans")), LANES)) {
      assertThat(slot.predictor().predict(flower)).isEqualTo(new Cluster(2));
    }
    var labels = TribuoLoader.of(Codec.records(Flower.class, Labels.class));
    try (var slot = ModelSlot.of(labels.load(StoredModels.artifact("multilabel-linear")), LANES)) {
      assertThat(slot.predictor().predict(flower).scores())
          .containsOnlyKeys("long-sepal", "wide-petal", "long-petal")
          .containsEntry("wide-petal", 0.037791470734108205);
    }
  }

  @ParameterizedTest
  @MethodSource("codecModels")
  void notFinite_inAnyColumn_isRefusedAloneByName(String name) {
    StoredModels.Table table = StoredModels.rows(name);
    try (var slot = ModelSlot.of(codecModel(name), LANES)) {
      double[] good = table.rows().get(0);
      for (int i = 0; i < good.length; i++) {
        for (double bad :
            new double[] {Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY}) {
          double[] row = good.clone();
          row[i] = bad;
          assertThatThrownBy(() -> slot.predictor().predict(row))
              .isInstanceOf(InvalidInputException.class)
              .hasMessageContaining(name + " v1")
              .hasMessageContaining("'" + table.names().get(i) + "'");
        }
      }
      assertThat(slot.predictor().predict(good)).isNotEmpty();
    }
  }

  @Test
  void neighbours_ofRefusedRow_areAnswered() throws Exception {
    StoredModels.Table table = StoredModels.rows("iris-logistic");
    double[] bad = {1, Double.NaN, 1, 1};
    try (var lanes = Lanes.of(1);
        var slot = ModelSlot.of(codecModel("iris-logistic"), lanes)) {
      double[] good = table.rows().get(0);
      List<CompletableFuture<?>> answers = new ArrayList<>();
      for (double[] row : List.of(good, bad, good)) {
        answers.add(slot.predictor().submit(row));
      }
      answers.get(0).get();
      assertThat(answers.get(2).get()).isNotNull();
      assertThatThrownBy(answers.get(1)::get).hasCauseInstanceOf(InvalidInputException.class);
      assertThatThrownBy(() -> slot.predictor().predictAll(List.of(good, bad, good)))
          .isInstanceOf(InvalidInputException.class);
    }
  }

  /** Finite numbers can overflow inside a model, which leaves it without an answer. */
  @ParameterizedTest
  @ValueSource(strings = {"iris-logistic", "iris-ensemble", "iris-kmeans", "cancer-linear"})
  void overflow_insideTheModel_failsThatRowAlone(String name) {
    double[] good = StoredModels.rows(name).rows().get(0);
    double[] huge = good.clone();
    Arrays.fill(huge, Double.MAX_VALUE);
    List<Outcome<Map<String, Object>>> outcomes = run(codecModel(name), List.of(good, huge, good));
    assertThat(outcomes).hasSize(3);
    assertThat(outcomes.get(0).value().toString()).isNotEmpty();
    assertThat(outcomes.get(1).failure())
        .isInstanceOf(PredictionFailedException.class)
        .hasMessageContaining(name + " v1")
        .hasMessageNotContaining("E308");
    assertThat(outcomes.get(2).succeeded()).isTrue();
  }

  @Test
  void overflow_ofExample_failsThatRowAlone() {
    StoredModels.Table table = StoredModels.rows("iris-ensemble");
    double[] huge = new double[4];
    Arrays.fill(huge, Double.MAX_VALUE);
    List<Example<Label>> examples = new ArrayList<>();
    for (double[] row : List.of(table.rows().get(0), huge, table.rows().get(1))) {
      examples.add(StoredModels.example(LabelFactory.UNKNOWN_LABEL, table.names(), row));
    }
    var outcomes =
        run(
            TribuoLoader.examples(Label.class).load(StoredModels.artifact("iris-ensemble")),
            examples);
    assertThat(outcomes.get(0).value().getOutput().getLabel()).isEqualTo("versicolor");
    assertThat(outcomes.get(1).failure()).isInstanceOf(PredictionFailedException.class);
    assertThat(outcomes.get(2).value().getOutput().getLabel()).isEqualTo("virginica");
  }

  /** One run of several rows, on a real lane: the slot's row is the whole run. */
  private static <I, O> List<Outcome<O>> run(Model<I, O> model, List<I> rows) {
    try (var slot = ModelSlot.of(new WholeRuns<>(model), LANES)) {
      return slot.predictor().predict(rows);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"iris-logistic", "iris-forest", "iris-knn"})
  void example_withoutKnownFeature_isInvalidInput(String name) {
    var loader = TribuoLoader.examples(Label.class);
    try (var slot = ModelSlot.of(loader.load(StoredModels.artifact(name)), LANES)) {
      var unknown =
          new ArrayExample<>(
              LabelFactory.UNKNOWN_LABEL, new String[] {"nobody knows"}, new double[] {1});
      assertThatThrownBy(() -> slot.predictor().predict(unknown))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining(name + " v1");
    }
  }

  @Test
  void callers_onTwoLanes_getTheirOwnAnswers() throws Exception {
    StoredModels.Table table = StoredModels.rows("diabetes-forest");
    List<String> expected = StoredModels.expected("diabetes-forest");
    try (var slot = ModelSlot.of(codecModel("diabetes-forest"), LANES)) {
      List<CompletableFuture<Void>> callers = new ArrayList<>();
      for (int caller = 0; caller < 4; caller++) {
        callers.add(
            CompletableFuture.runAsync(
                () -> {
                  for (int i = 0; i < table.rows().size(); i++) {
                    double[] values =
                        (double[]) slot.predictor().predict(table.rows().get(i)).get("values");
                    assertThat(Double.toString(values[0])).isEqualTo(expected.get(i + 1));
                  }
                }));
      }
      CompletableFuture.allOf(callers.toArray(new CompletableFuture<?>[0])).get();
    }
  }

  private record WholeRuns<I, O>(Model<I, O> model) implements Model<List<I>, List<Outcome<O>>> {
    @Override
    public ModelInfo info() {
      return model.info();
    }

    @Override
    public Runner<List<I>, List<Outcome<O>>> newRunner(Lane lane) throws Exception {
      Runner<I, O> runner = model.newRunner(lane);
      return new Runner<>() {
        @Override
        public List<Outcome<List<Outcome<O>>>> run(List<? extends List<I>> runs) throws Exception {
          List<Outcome<List<Outcome<O>>>> outcomes = new ArrayList<>();
          for (List<I> rows : runs) {
            outcomes.add(Outcome.of(List.copyOf(runner.run(rows))));
          }
          return outcomes;
        }

        @Override
        public void close() {
          runner.close();
        }
      };
    }

    @Override
    public void close() {
      model.close();
    }
  }

  private static Model<double[], Map<String, Object>> codecModel(String name) {
    return TribuoLoader.of(new ArrayCodec(StoredModels.rows(name).names()))
        .load(StoredModels.artifact(name));
  }
}
