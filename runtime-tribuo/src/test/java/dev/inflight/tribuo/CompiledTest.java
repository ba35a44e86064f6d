package dev.inflight.tribuo;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.inflight.Codec;
import dev.inflight.InferenceException;
import dev.inflight.Lane;
import dev.inflight.Lanes;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelInfo;
import dev.inflight.ModelSlot;
import dev.inflight.Outcome;
import dev.inflight.PredictionFailedException;
import dev.inflight.Runner;
import dev.inflight.tensor.Signature;
import dev.inflight.tensor.ValueSpec;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tribuo.Model;
import org.tribuo.Output;
import org.tribuo.Prediction;
import org.tribuo.classification.Label;
import org.tribuo.impl.ArrayExample;
import org.tribuo.multilabel.MultiLabel;
import org.tribuo.regression.Regressor;

/**
 * A compiled model must be to its callers what Tribuo's own {@code predict} is, to the last bit.
 */
class CompiledTest {
  private static final Lanes LANES = Lanes.of(1);
  private static final int ROWS = 3000;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  @TempDir Path temp;

  @AfterAll
  static void closeLanes() {
    LANES.close();
  }

  static Set<String> trained() {
    return Trained.names();
  }

  static List<String> stored() {
    return List.of("diabetes-forest", "iris-forest", "iris-logistic", "multilabel-linear");
  }

  @ParameterizedTest
  @MethodSource("trained")
  void answers_ofTrainedModel_areTribuosToTheLastBit(String name) throws Exception {
    byte[] file = Trained.model(name).serialize().toByteArray();
    Path path = Files.write(temp.resolve("model.tribuo"), file);
    List<double[]> rows =
        Stream.generate(new Random(5)::nextLong)
            .limit(50)
            .map(seed -> Trained.row(new Random(seed)))
            .toList();
    compare(
        ModelArtifact.of(name, "1", path), Model.deserializeFromFile(path), Trained.FEATURES, rows);
  }

  @ParameterizedTest
  @MethodSource("stored")
  void answers_ofStoredModel_areTribuosToTheLastBit(String name) throws Exception {
    StoredModels.Table table = StoredModels.rows(name);
    compare(StoredModels.artifact(name), StoredModels.tribuo(name), table.names(), table.rows());
  }

  private static <T extends Output<T>> void compare(
      ModelArtifact artifact, Model<T> tribuo, List<String> names, List<double[]> real) {
    var model =
        (TribuoModel<?, double[], Map<String, Object>>)
            TribuoLoader.of(new ArrayCodec(names)).load(artifact);
    assertThat(model.compiled()).isPresent();
    T unknown = tribuo.getOutputIDInfo().getOutput(0);
    String[] columns = names.toArray(new String[0]);
    long seed = Long.getLong("inflight.seed", System.nanoTime());
    Random random = new Random(seed);
    try (var slot = ModelSlot.of(model, LANES)) {
      for (int i = 0; i < ROWS; i++) {
        double[] row = row(real, random);
        String expected =
            expected(tribuo, new ArrayExample<>(unknown, columns, row), model.info().signature());
        assertThat(got(slot, row))
            .as("seed %d, row %d: %s", seed, i, Arrays.toString(row))
            .isEqualTo(expected);
      }
    }
  }

  private static double[] row(List<double[]> real, Random random) {
    double[] row = new double[real.get(0).length];
    boolean wild = random.nextInt(5) == 0;
    for (int i = 0; i < row.length; i++) {
      double value = real.get(random.nextInt(real.size()))[i];
      row[i] =
          switch (random.nextInt(wild ? 8 : 4)) {
            case 0 -> value * random.nextGaussian();
            case 1 -> random.nextBoolean() ? 0.0 : -value;
            case 4 -> -0.0;
            case 5 -> value * 1e30;
            case 6 -> Double.longBitsToDouble(random.nextLong());
            case 7 -> random.nextBoolean() ? Math.nextUp(value) : Double.MIN_VALUE;
            default -> value;
          };
      row[i] = Double.isFinite(row[i]) ? row[i] : value;
    }
    return row;
  }

  /** What the slot answers, every double by its exact text, or "none". */
  private static String got(ModelSlot<double[], Map<String, Object>> slot, double[] row) {
    try {
      Map<String, String> texts = new TreeMap<>();
      slot.predictor().predict(row).forEach((name, value) -> texts.put(name, text(value)));
      return texts.toString();
    } catch (PredictionFailedException e) {
      return "none";
    }
  }

  private static String text(Object value) {
    if (value instanceof double[] doubles) {
      return Arrays.toString(doubles);
    }
    return value instanceof boolean[] booleans ? Arrays.toString(booleans) : value.toString();
  }

  /** What Tribuo predicts, in the same words. */
  private static <T extends Output<T>> String expected(
      Model<T> model, ArrayExample<T> example, Signature signature) {
    Prediction<T> prediction = model.predict(example);
    if (prediction.getOutput() == null) {
      return "none";
    }
    Map<String, String> texts = new TreeMap<>();
    for (ValueSpec output : signature.outputs()) {
      List<String> columns = output.columns();
      texts.put(
          output.name(),
          switch (output.type()) {
            case STRING -> ((Label) prediction.getOutput()).getLabel();
            case BOOL ->
                columns.stream()
                    .map(((MultiLabel) prediction.getOutput())::contains)
                    .toList()
                    .toString();
            default -> columns.stream().map(c -> score(prediction, c)).toList().toString();
          });
    }
    return texts.toString();
  }

  private static double score(Prediction<?> prediction, String column) {
    if (prediction.getOutput() instanceof Regressor regressor) {
      return regressor.getDimension(column).orElseThrow().getValue();
    }
    Output<?> score = prediction.getOutputScores().get(column);
    if (score instanceof MultiLabel labels) {
      return labels.getLabelScore(new Label(column)).orElseThrow();
    }
    return score == null ? 0 : ((Label) score).getScore();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"iris-knn", "iris-kmeans", "iris-ensemble", "cancer-linear", "anomaly-libsvm"})
  void model_ofAnotherKind_isNotCompiled(String name) {
    var loader = TribuoLoader.of(new ArrayCodec(StoredModels.rows(name).names()));
    assertThat(compiled(loader, StoredModels.artifact(name))).isEmpty();
  }

  @Test
  void interpreted_ofLinearModel_isNotCompiled() {
    var loader = TribuoLoader.of(new ArrayCodec(StoredModels.rows("iris-logistic").names()));
    ModelArtifact iris = StoredModels.artifact("iris-logistic");
    assertThat(compiled(loader, iris)).isPresent();
    assertThat(compiled(loader.interpreted(), iris)).isEmpty();
    assertThat(compiled(loader.interpreted().allow(Set.of("org.example.Any")), iris)).isEmpty();
    assertThat(compiled(loader.allow(Set.of("org.example.Any")), iris)).isPresent();
  }

  private static Optional<Compiled> compiled(
      TribuoLoader<double[], Map<String, Object>> loader, ModelArtifact artifact) {
    try (var model = (TribuoModel<?, ?, ?>) loader.load(artifact)) {
      return model.compiled();
    }
  }

  record Flower(double sepalLength, double sepalWidth, double petalLength, double petalWidth) {}

  record Species(String label, double probability) {}

  @ParameterizedTest
  @ValueSource(strings = {"iris-forest", "iris-logistic"})
  void predict_ofCompiledModel_allocatesAtMost200Bytes(String name) {
    var loader = TribuoLoader.of(Codec.records(Flower.class, Species.class));
    Flower[] flowers = new Flower[64];
    Arrays.setAll(flowers, i -> new Flower(4 + i / 32.0, 2 + i / 32.0, 1 + i / 12.0, i / 25.0));
    try (var slot = ModelSlot.of(loader.load(StoredModels.artifact(name)), LANES)) {
      double bytes = Double.MAX_VALUE;
      for (int turn = 0; turn < 20; turn++) { // the first turns are interpreted
        long before = THREADS.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < 6400; i++) {
          slot.predictor().predict(flowers[i % flowers.length]);
        }
        bytes = Math.min(bytes, (THREADS.getCurrentThreadAllocatedBytes() - before) / 6400.0);
      }
      assertThat(bytes).isLessThanOrEqualTo(200);
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void runOne_ofRowsThatFail_throwsWhatRunReports(boolean interpreted) throws Exception {
    StoredModels.Table table = StoredModels.rows("iris-logistic");
    var loader = TribuoLoader.of(new ArrayCodec(table.names()));
    var model =
        (interpreted ? loader.interpreted() : loader).load(StoredModels.artifact("iris-logistic"));
    double[] good = table.rows().get(0);
    double[] notFinite = {1, 2, Double.NaN, 4};
    double[] overflow = {1e308, 1e308, -1e308, 1e308};
    double[] incomplete = {1, 2};
    List<double[]> rows = List.of(good, notFinite, incomplete, overflow, good);
    List<String> reported = new ArrayList<>();
    List<String> thrown = new ArrayList<>();
    // The only way to a lane is a model's own newRunner.
    try (var slot = ModelSlot.of(new Probing(model, rows, reported, thrown), LANES)) {
      slot.predictor().predict(good);
    }
    assertThat(thrown).isEqualTo(reported);
    assertThat(thrown.get(1)).startsWith("InvalidInputException").contains("finite");
    assertThat(thrown.get(2)).startsWith("PredictionFailedException").contains("encode");
    assertThat(thrown.get(3)).startsWith("PredictionFailedException").contains("no answer");
    assertThat(thrown.get(4)).isEqualTo(thrown.get(0));
  }

  private record Probing(
      dev.inflight.Model<double[], Map<String, Object>> model,
      List<double[]> rows,
      List<String> reported,
      List<String> thrown)
      implements dev.inflight.Model<double[], Map<String, Object>> {
    @Override
    public ModelInfo info() {
      return model.info();
    }

    @Override
    public Runner<double[], Map<String, Object>> newRunner(Lane lane) throws Exception {
      Runner<double[], Map<String, Object>> runner = model.newRunner(lane);
      for (Outcome<Map<String, Object>> outcome : runner.run(rows)) {
        reported.add(
            outcome.succeeded() ? text(outcome.value().get("label")) : text(outcome.failure()));
      }
      for (double[] row : rows) {
        try {
          thrown.add(text(runner.runOne(row).get("label")));
        } catch (InferenceException e) {
          thrown.add(text(e));
        }
      }
      return runner;
    }

    private static String text(Object value) {
      return value instanceof InferenceException e
          ? e.getClass().getSimpleName() + ": " + e.getMessage()
          : value.toString();
    }

    @Override
    public void close() {
      model.close();
    }
  }
}
