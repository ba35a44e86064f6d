package dev.inflight.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.Lanes;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelSlot;
import dev.inflight.tensor.Tensors;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Trained models give what their own toolchain gives, unpinned and pinned. */
class RealModelsTest {
  static Stream<Arguments> sets() {
    return CaseFiles.directories(CaseFiles.models("onnx"), "").stream()
        .flatMap(
            model ->
                CaseFiles.directories(model, "test_data_set_").stream()
                    .map(
                        set ->
                            Arguments.of(
                                model.getFileName().toString(), set.getFileName().toString())));
  }

  @ParameterizedTest(name = "{0} {1}")
  @MethodSource("sets")
  void predict_threeTimes_answersLikeToolchain(String name, String set) {
    Path directory = CaseFiles.models("onnx").resolve(name);
    Properties properties = CaseFiles.properties(directory);
    double rtol = Double.parseDouble(properties.getProperty("rtol"));
    double atol = Double.parseDouble(properties.getProperty("atol"));
    OnnxGraph graph = OnnxGraph.read(CaseFiles.bytes(directory.resolve("model.onnx")));
    Tensors row = CaseFiles.inputs(directory.resolve(set), graph);
    Tensors expected = CaseFiles.outputs(directory.resolve(set), graph);
    try (Lanes lanes = Lanes.of(1);
        ModelSlot<Tensors, Tensors> slot = ModelSlot.of(load(directory, name), lanes)) {
      for (int i = 0; i < 3; i++) {
        Tensors answer = slot.predictor().predict(row);
        assertThat(answer.names()).isEqualTo(expected.names());
        CaseFiles.assertClose(answer, expected, rtol, atol);
      }
      assertThat(slot.predictor().predictAll(List.of(row, row)))
          .hasSize(2)
          .allSatisfy(answer -> CaseFiles.assertClose(answer, expected, rtol, atol));
    }
  }

  @Test
  void sets_ofAllModels_areThere() {
    assertThat(sets().map(a -> a.get()[0]).distinct()).hasSizeGreaterThanOrEqualTo(16);
  }

  @Test
  void predict_setsInTurnOnOneLane_keepsEachShapesAnswer() {
    List<String> names = List.of("gru", "multi-io", "text", "logistic-zipmap", "float16");
    try (Lanes lanes = Lanes.of(1)) {
      for (int round = 0; round < 2; round++) {
        for (String name : names) {
          Path directory = CaseFiles.models("onnx").resolve(name);
          Properties properties = CaseFiles.properties(directory);
          double rtol = Double.parseDouble(properties.getProperty("rtol"));
          double atol = Double.parseDouble(properties.getProperty("atol"));
          OnnxGraph graph = OnnxGraph.read(CaseFiles.bytes(directory.resolve("model.onnx")));
          try (ModelSlot<Tensors, Tensors> slot = ModelSlot.of(load(directory, name), lanes)) {
            for (int turn = 0; turn < 3; turn++) {
              for (Path set : CaseFiles.directories(directory, "test_data_set_")) {
                Tensors answer = slot.predictor().predict(CaseFiles.inputs(set, graph));
                CaseFiles.assertClose(answer, CaseFiles.outputs(set, graph), rtol, atol);
              }
            }
          }
        }
      }
    }
  }

  private static Model<Tensors, Tensors> load(Path directory, String name) {
    return OnnxLoader.tensors().load(ModelArtifact.of(name, "1", directory));
  }
}
