package dev.inflight.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.ThreadMXBean;
import dev.inflight.Codec;
import dev.inflight.InvalidInputException;
import dev.inflight.Lanes;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelSlot;
import dev.inflight.Predictor;
import dev.inflight.tensor.RowReader;
import dev.inflight.tensor.RowWriter;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Trained models, compiled: their toolchain's answers and ONNX Runtime's bits. */
class CompiledModelsTest {
  private static final OnnxOptions COMPILED = BothWays.COMPILED;

  @ParameterizedTest
  @ValueSource(
      strings = {
        "random-forest",
        "gradient-boosting",
        "cancer-boosted",
        "logistic",
        "logistic-zipmap"
      })
  void predict_trainedModel_answersLikeToolchainAndOrt(String name) {
    Path directory = CaseFiles.models("onnx").resolve(name);
    Properties properties = CaseFiles.properties(directory);
    double rtol = Double.parseDouble(properties.getProperty("rtol"));
    double atol = Double.parseDouble(properties.getProperty("atol"));
    OnnxGraph graph = CaseFiles.graph(name);
    boolean linear = name.startsWith("logistic");
    try (Lanes lanes = Lanes.of(1);
        BothWays both = new BothWays(ModelArtifact.of(name, "1", directory), lanes)) {
      assertThat(both.isCompiled()).isTrue();
      for (Path set : CaseFiles.directories(directory, "test_data_set_")) {
        Tensors row = CaseFiles.inputs(set, graph);
        boolean batch = row.tensor(row.name(0)).shape().dim(0) > 1;
        // Of several rows ONNX Runtime adds the products in another order.
        Tensors answer = linear && batch ? both.ours(row) : both.requireSame(row);
        CaseFiles.assertClose(answer, CaseFiles.outputs(set, graph), rtol, atol);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"mlp", "mixed-pipeline", "regression-float64", "anomaly", "text"})
  void load_otherModel_isLeftToOrt(String name) {
    try (Model<Tensors, Tensors> model = load(name, COMPILED)) {
      assertThat(model.info().runtime()).isEqualTo(OnnxRuntime.label());
    }
  }

  @Test
  void load_compiled_saysSoAndHoldsNothingNative() {
    try (Model<Tensors, Tensors> model = load("random-forest", COMPILED);
        Model<Tensors, Tensors> plain = load("random-forest")) {
      assertThat(model.info().runtime())
          .isEqualTo("compiled TreeEnsembleClassifier, checked against " + OnnxRuntime.label());
      assertThat(model.info().signature()).isEqualTo(plain.info().signature());
      assertThat(model.info().metadata()).isEqualTo(plain.info().metadata());
      assertThat(model.info().digest()).isEqualTo(plain.info().digest());
      assertThat(model.memoryBytes()).isZero();
      assertThat(model.maxBatch()).isEqualTo(plain.maxBatch());
    }
  }

  @Test
  void load_severalThreadsInAnOperator_isLeftToOrt() {
    try (Model<Tensors, Tensors> model = load("random-forest", COMPILED.withIntraOpThreads(2))) {
      assertThat(BothWays.isCompiled(model)).isFalse();
    }
  }

  @Test
  void selfCheck_anotherModelsTrees_findsTheDifference() throws Exception {
    OnnxBytes one = constant(0.5);
    OnnxBytes other = constant(Math.nextUp(0.5f));
    try (Model<Tensors, Tensors> model = one.load(OnnxLoader.tensors())) {
      OnnxModel session = ((TensorsModel) model).model();
      Compiler.Draft same = draft(one, session);
      Compiler.Draft different = draft(other, session);
      assertThat(new SelfCheck(session, same).difference()).isEmpty();
      assertThat(new SelfCheck(session, different).difference())
          .hasValueSatisfying(what -> assertThat(what).contains("output 'y'"));
    }
  }

  private static OnnxBytes constant(double weight) {
    OnnxBytes.Attributes with =
        new OnnxBytes.Attributes()
            .integers("nodes_treeids", 0)
            .integers("nodes_nodeids", 0)
            .integers("nodes_featureids", 0)
            .integers("nodes_truenodeids", 0)
            .integers("nodes_falsenodeids", 0)
            .texts("nodes_modes", List.of("LEAF"))
            .floats("nodes_values", 0)
            .integers("target_treeids", 0)
            .integers("target_nodeids", 0)
            .integers("target_ids", 0)
            .floats("target_weights", weight)
            .integer("n_targets", 1);
    return new OnnxBytes()
        .operator("ai.onnx.ml", "TreeEnsembleRegressor", "y", "x", with)
        .input("x", "n 3")
        .output("y", "n 1");
  }

  private static Compiler.Draft draft(OnnxBytes bytes, OnnxModel model) {
    ModelArtifact artifact = bytes.artifact();
    return Compiler.compile(
        artifact.read(artifact.modelFile("onnx")),
        model.graph(),
        model.signature(),
        model.options());
  }

  @Test
  void predict_throughACodec_answersEachRow() {
    List<float[]> rows = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      rows.add(row(i));
    }
    try (Lanes lanes = Lanes.of(1);
        ModelSlot<float[], float[]> ours = slot(COMPILED, lanes);
        ModelSlot<float[], float[]> theirs = slot(OnnxOptions.defaults(), lanes)) {
      assertThat(ours.info().runtime()).startsWith("compiled ");
      List<float[]> together = ours.predictor().predictAll(rows);
      for (int i = 0; i < rows.size(); i++) {
        float[] expected = theirs.predictor().predict(rows.get(i));
        assertThat(ours.predictor().predict(rows.get(i))).containsExactly(expected);
        assertThat(together.get(i)).containsExactly(expected);
      }
    }
  }

  @Test
  void predict_rowsThatDoNotFit_isRefusedAsBefore() {
    try (Lanes lanes = Lanes.of(1);
        ModelSlot<Tensors, Tensors> slot = ModelSlot.of(load("random-forest", COMPILED), lanes)) {
      Predictor<Tensors, Tensors> predictor = slot.predictor();
      for (long[] dims : new long[][] {{1, 9}, {0, 10}, {10}}) {
        int n = dims.length == 1 ? 10 : (int) (dims[0] * dims[1]);
        Tensors row = Tensors.of("features", Tensor.of(new float[n], dims));
        assertThatThrownBy(() -> predictor.predict(row))
            .isInstanceOf(InvalidInputException.class)
            .hasMessageContaining("features");
      }
    }
  }

  @Test
  void load_codecThatDoesNotFit_isRefusedAsBefore() {
    OnnxLoader<float[], float[]> loader =
        OnnxLoader.<float[], float[]>of(
                (artifact, signature) -> {
                  throw new IllegalArgumentException("no");
                })
            .withOptions(COMPILED);
    assertThatThrownBy(() -> loader.load(artifact("random-forest")))
        .isInstanceOfSatisfying(
            ModelLoadException.class,
            e -> assertThat(e.stage()).isEqualTo(ModelLoadException.Stage.BIND));
  }

  @Test
  void predict_oneRow_allocatesWhatTheCodecDoes() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    try (Lanes lanes = Lanes.of(1);
        ModelSlot<float[], float[]> slot = slot(COMPILED, lanes)) {
      Predictor<float[], float[]> predictor = slot.predictor();
      float[] row = row(0);
      int calls = 20_000;
      for (int i = 0; i < 2 * calls; i++) {
        var unused = predictor.predict(row);
      }
      long before = threads.getCurrentThreadAllocatedBytes();
      for (int i = 0; i < calls; i++) {
        var unused = predictor.predict(row);
      }
      long bytes = (threads.getCurrentThreadAllocatedBytes() - before) / calls;
      // A float[2] is 24 bytes.
      assertThat(bytes).isLessThanOrEqualTo(24);
    }
  }

  private static float[] row(int i) {
    float[] row = new float[10];
    for (int k = 0; k < row.length; k++) {
      row[k] = (float) Math.abs(Math.sin(i * 31 + k) * (k % 4 == 3 ? 900 : k % 4 == 0 ? 20 : 0.2));
    }
    return row;
  }

  /** Allocates the answer and nothing else. */
  private static Codec<float[], float[]> codec() {
    return (artifact, signature) ->
        new Codec.Bound<>() {
          @Override
          public void encode(float[] row, RowWriter writer) {
            writer.floats(0).put(row);
          }

          @Override
          public float[] decode(RowReader reader) {
            float[] answer = new float[2];
            reader.floats(0).get(answer);
            return answer;
          }
        };
  }

  private static ModelSlot<float[], float[]> slot(OnnxOptions options, Lanes lanes) {
    OnnxOptions one = options.withOutputs(Set.of("probabilities"));
    return ModelSlot.of(
        OnnxLoader.of(codec()).withOptions(one).load(artifact("random-forest")), lanes);
  }

  private static ModelArtifact artifact(String name) {
    return ModelArtifact.of(name, "1", CaseFiles.models("onnx").resolve(name));
  }

  private static Model<Tensors, Tensors> load(String name) {
    return load(name, OnnxOptions.defaults());
  }

  private static Model<Tensors, Tensors> load(String name, OnnxOptions options) {
    return OnnxLoader.tensors().withOptions(options).load(artifact(name));
  }
}
