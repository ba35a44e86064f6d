package dev.inflight.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.InferenceException;
import dev.inflight.InvalidInputException;
import dev.inflight.Lanes;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelSlot;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import java.nio.file.Path;
import java.util.Properties;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Small graphs for data types and guards. */
class SpecialModelsTest {
  /** ORT Java has no name for these types, or for feeding an input that has a default. */
  private static final Set<String> UNFEEDABLE =
      Set.of(
          "identity-uint16",
          "identity-uint32",
          "identity-uint64",
          "identity-float8e4m3fn",
          "identity-float8e5m2",
          "uint-arith");

  static Stream<Arguments> sets() {
    return CaseFiles.directories(CaseFiles.models("onnx-special"), "").stream()
        .filter(model -> !UNFEEDABLE.contains(model.getFileName().toString()))
        .flatMap(
            model ->
                CaseFiles.directories(model, "test_data_set_").stream()
                    .map(
                        set ->
                            Arguments.of(
                                model.getFileName().toString(), set.getFileName().toString())))
        .filter(a -> !isRefused((String) a.get()[0], (String) a.get()[1]));
  }

  /** A default that is given, and an optional that is left out. */
  private static boolean isRefused(String name, String set) {
    return set.equals("test_data_set_1")
        && (name.equals("optional-input-default") || name.equals("optional-type"));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("sets")
  void predict_threeTimes_answersAsExpected(String name, String set) {
    Path directory = CaseFiles.models("onnx-special").resolve(name);
    Properties properties = CaseFiles.properties(directory);
    double rtol = Double.parseDouble(properties.getProperty("rtol"));
    double atol = Double.parseDouble(properties.getProperty("atol"));
    OnnxGraph graph = graph(name);
    Tensors row = CaseFiles.inputs(directory.resolve(set), graph);
    Tensors expected = CaseFiles.outputs(directory.resolve(set), graph);
    try (Lanes lanes = Lanes.of(1);
        ModelSlot<Tensors, Tensors> slot = slot(name, options(name, row), lanes)) {
      for (int i = 0; i < 3; i++) {
        CaseFiles.assertClose(slot.predictor().predict(row), expected, rtol, atol);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "identity-uint16",
        "identity-uint32",
        "identity-uint64",
        "identity-float8e4m3fn",
        "identity-float8e5m2",
        "uint-arith"
      })
  void predict_typeOrtJavaCannotMake_isRefusedInJava(String name) {
    OnnxGraph graph = graph(name);
    Path set = CaseFiles.models("onnx-special").resolve(name).resolve("test_data_set_0");
    Tensors row = CaseFiles.inputs(set, graph);
    try (Lanes lanes = Lanes.of(1);
        ModelSlot<Tensors, Tensors> slot = slot(name, OnnxOptions.defaults(), lanes)) {
      assertThatThrownBy(() -> slot.predictor().predict(row))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContainingAll(name, "expected a type that ORT Java can make", "got");
    }
  }

  @Test
  void predict_inputWithDefaultGiven_isRefusedAsUnknown() {
    OnnxGraph graph = graph("optional-input-default");
    Path set = CaseFiles.models("onnx-special").resolve("optional-input-default/test_data_set_1");
    Tensors row = CaseFiles.inputs(set, graph);
    try (Lanes lanes = Lanes.of(1);
        ModelSlot<Tensors, Tensors> slot =
            slot("optional-input-default", OnnxOptions.defaults(), lanes)) {
      assertThat(row.names()).containsExactly("x", "bias");
      assertThatThrownBy(() -> slot.predictor().predict(row))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("[x, bias]");
    }
  }

  @Test
  void predict_emptyOptional_failsWithoutHarm() {
    // ORT Java cannot leave an input out.
    try (Lanes lanes = Lanes.of(1);
        ModelSlot<Tensors, Tensors> slot = slot("optional-type", OnnxOptions.defaults(), lanes)) {
      assertThatThrownBy(() -> slot.predictor().predict(Tensors.empty()))
          .isInstanceOf(InferenceException.class)
          .hasMessageContaining("optional-type v1");
      Tensors row = Tensors.of("x", Tensor.of(new float[] {1, 2}));
      assertThat(slot.predictor().predict(row).tensor("y").shape().dims()).containsExactly(2);
    }
  }

  @Test
  void load_externalDataOutsideArtifact_isRefused() {
    assertThatThrownBy(() -> load("external-escape", OnnxOptions.defaults()))
        .isInstanceOfSatisfying(
            ModelLoadException.class,
            e -> assertThat(e.stage()).isEqualTo(ModelLoadException.Stage.LOAD))
        .hasMessageContainingAll("external-escape v1", "expected", "got", "secret.bin");
  }

  @Test
  void load_undeclaredRank_isRefusedUnlessAllowed() {
    assertThatThrownBy(() -> load("undeclared-rank", OnnxOptions.defaults()))
        .isInstanceOfSatisfying(
            ModelLoadException.class,
            e -> assertThat(e.stage()).isEqualTo(ModelLoadException.Stage.LOAD))
        .hasMessageContainingAll("undeclared-rank v1", "expected a declared rank", "got none");
    load("undeclared-rank", OnnxOptions.defaults().withUndeclaredRank(true)).close();
  }

  @Test
  void predict_outputChangesShapeAfterPinning_answersRight() {
    // NonZero: the same input shape gives another output shape each time.
    try (Lanes lanes = Lanes.of(1);
        ModelSlot<Tensors, Tensors> slot = slot("dynamic-output", OnnxOptions.defaults(), lanes)) {
      for (int nonZeros = 0; nonZeros <= 4; nonZeros++) {
        for (int turn = 0; turn < 2; turn++) {
          float[] values = new float[4];
          java.util.Arrays.fill(values, 0, nonZeros, 1f);
          Tensor answer =
              slot.predictor().predict(Tensors.of("x", Tensor.of(values, 2, 2))).tensor("y");
          assertThat(answer.shape().dims()).containsExactly(2, nonZeros);
          long[] indices = new long[2 * nonZeros];
          answer.longs().get(indices);
          for (int i = 0; i < nonZeros; i++) {
            assertThat(indices[i]).isEqualTo(i / 2);
            assertThat(indices[nonZeros + i]).isEqualTo(i % 2);
          }
        }
      }
    }
  }

  private static OnnxOptions options(String name, Tensors row) {
    boolean empty = false;
    for (int i = 0; i < row.size(); i++) {
      empty |= row.value(i) instanceof Tensor tensor && tensor.shape().isEmpty();
    }
    return OnnxOptions.defaults()
        .withZeroDimensions(empty)
        .withUndeclaredRank(name.equals("undeclared-rank"));
  }

  private static OnnxGraph graph(String name) {
    return OnnxGraph.read(
        CaseFiles.bytes(CaseFiles.models("onnx-special").resolve(name).resolve("model.onnx")));
  }

  private static ModelSlot<Tensors, Tensors> slot(String name, OnnxOptions options, Lanes lanes) {
    return ModelSlot.of(load(name, options), lanes);
  }

  private static dev.inflight.Model<Tensors, Tensors> load(String name, OnnxOptions options) {
    Path directory = CaseFiles.models("onnx-special").resolve(name);
    return OnnxLoader.tensors().withOptions(options).load(ModelArtifact.of(name, "1", directory));
  }
}
