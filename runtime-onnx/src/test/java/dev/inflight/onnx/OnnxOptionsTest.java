package dev.inflight.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.Lanes;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelSlot;
import dev.inflight.tensor.Tensors;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class OnnxOptionsTest {
  @Test
  void defaults_areOneThreadAllChecks() {
    OnnxOptions options = OnnxOptions.defaults();
    assertThat(options.intraOpThreads()).isEqualTo(1);
    assertThat(options.interOpThreads()).isEqualTo(1);
    assertThat(options.optimization()).isEqualTo(OnnxOptions.Optimization.ALL);
    assertThat(options.arena()).isTrue();
    assertThat(options.spinning()).isFalse();
    assertThat(options.providers()).isEmpty();
    assertThat(options.outputs()).isEmpty();
    assertThat(options.zeroDimensions()).isFalse();
    assertThat(options.undeclaredRank()).isFalse();
    assertThat(options.maxRowBytes()).isEqualTo(256L << 20);
    assertThat(options.fixedBatch()).isFalse();
    assertThat(options.padding()).isEmpty();
    assertThat(options.compiled()).isFalse();
  }

  @Test
  void with_eachSetting_changesOnlyThat() {
    OnnxOptions all =
        OnnxOptions.defaults()
            .withIntraOpThreads(2)
            .withInterOpThreads(3)
            .withOptimization(OnnxOptions.Optimization.BASIC)
            .withArena(false)
            .withSpinning(true)
            .withProviders(List.of("XNNPACK", "CPU"))
            .withOutputs(Set.of("y"))
            .withZeroDimensions(true)
            .withUndeclaredRank(true)
            .withMaxRowBytes(7)
            .withFixedBatch(true)
            .withPadding("ids", 1)
            .withCompiled(true);
    assertThat(all)
        .isEqualTo(
            new OnnxOptions(
                2,
                3,
                OnnxOptions.Optimization.BASIC,
                false,
                true,
                List.of("XNNPACK", "CPU"),
                Optional.of(Set.of("y")),
                true,
                true,
                7,
                true,
                Map.of("ids", 1.0),
                true));
  }

  @Test
  void with_impossibleValues_isRefused() {
    OnnxOptions options = OnnxOptions.defaults();
    assertThatThrownBy(() -> options.withIntraOpThreads(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("threads", "expected at least 1", "got intra-op 0");
    assertThatThrownBy(() -> options.withInterOpThreads(-1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("inter-op -1");
    assertThatThrownBy(() -> options.withMaxRowBytes(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("maxRowBytes", "expected at least 1", "got 0");
    assertThatThrownBy(() -> options.withProviders(List.of("cuda")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContainingAll("execution provider", "CUDA", "got 'cuda'");
  }

  @ParameterizedTest
  @EnumSource
  void predict_anyOptimization_answersTheSame(OnnxOptions.Optimization level) {
    assertAnswers(OnnxOptions.defaults().withOptimization(level));
  }

  @Test
  void predict_threadsSpinningNoArena_answersTheSame() {
    assertAnswers(
        OnnxOptions.defaults()
            .withIntraOpThreads(2)
            .withInterOpThreads(2)
            .withSpinning(true)
            .withArena(false)
            .withProviders(List.of("CPU")));
  }

  private static void assertAnswers(OnnxOptions options) {
    var directory = CaseFiles.models("onnx/digits-convnet");
    OnnxGraph graph = OnnxGraph.read(CaseFiles.bytes(directory.resolve("model.onnx")));
    Tensors expected = CaseFiles.outputs(directory.resolve("test_data_set_0"), graph);
    Tensors answer = answer("onnx/digits-convnet", options);
    CaseFiles.assertClose(answer, expected, 1e-5, 1e-5);
  }

  @Test
  void withOutputs_one_givesOnlyThat() {
    Tensors all = answer("onnx/multi-io", OnnxOptions.defaults());
    Tensors one = answer("onnx/multi-io", OnnxOptions.defaults().withOutputs(Set.of("quartile")));
    assertThat(one).isEqualTo(Tensors.of("quartile", all.value("quartile")));
  }

  @Test
  void withOutputs_unknownOrNone_isRefusedAtLoad() {
    for (Set<String> names : List.of(Set.<String>of(), Set.of("quartile", "nothing"))) {
      assertThatThrownBy(() -> answer("onnx/multi-io", OnnxOptions.defaults().withOutputs(names)))
          .isInstanceOfSatisfying(
              ModelLoadException.class,
              e -> assertThat(e.stage()).isEqualTo(ModelLoadException.Stage.LOAD))
          .hasMessageContainingAll("multi-io v1", "expected outputs", "quartile");
    }
  }

  @Test
  void withProviders_notInThisBuild_isRefusedAtLoad() {
    OnnxOptions options = OnnxOptions.defaults().withProviders(List.of("TENSORRT"));
    assertThatThrownBy(() -> answer("onnx/multi-io", options))
        .isInstanceOfSatisfying(
            ModelLoadException.class,
            e -> assertThat(e.stage()).isEqualTo(ModelLoadException.Stage.LOAD))
        .hasMessageContaining("multi-io v1");
  }

  private static Tensors answer(String name, OnnxOptions options) {
    var directory = CaseFiles.models(name);
    var model =
        OnnxLoader.tensors()
            .withOptions(options)
            .load(ModelArtifact.of(directory.getFileName().toString(), "1", directory));
    try (Lanes lanes = Lanes.of(1);
        ModelSlot<Tensors, Tensors> slot = ModelSlot.of(model, lanes)) {
      Tensors row = ChildMains.row(name);
      Tensors first = slot.predictor().predict(row);
      assertThat(slot.predictor().predict(row)).isEqualTo(first);
      return first;
    }
  }
}
