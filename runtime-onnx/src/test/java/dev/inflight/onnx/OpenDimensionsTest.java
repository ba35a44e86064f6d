package dev.inflight.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.inflight.InvalidInputException;
import dev.inflight.Outcome;
import dev.inflight.tensor.Tensor;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Rows whose size the codec says. */
class OpenDimensionsTest {
  @Test
  void codec_openDimensions_answersRowsOfAnyLength() {
    OnnxGraph graph = CaseFiles.graph("gru");
    Batches.with(
        "gru",
        GruCodec.INSTANCE,
        OnnxOptions.defaults(),
        slot -> {
          for (int round = 0; round < 2; round++) {
            for (int set : new int[] {2, 0, 1, 2}) {
              Path directory = CaseFiles.models("onnx/gru").resolve("test_data_set_" + set);
              List<float[]> batch =
                  GruCodec.rows(CaseFiles.inputs(directory, graph).tensor("rows"));
              Tensor logits = CaseFiles.outputs(directory, graph).tensor("logits");
              List<Outcome<float[]>> outcomes = slot.predictor().predict(batch);
              for (int i = 0; i < batch.size(); i++) {
                double[] expected = CodecTest.floats(logits, i, 10);
                for (int c = 0; c < 10; c++) {
                  assertThat((double) outcomes.get(i).value()[c])
                      .isCloseTo(expected[c], within(1e-4));
                }
              }
            }
          }
          List<Outcome<float[]>> mixed =
              slot.predictor()
                  .predict(List.of(new float[40], new float[0], new float[7], new float[8]));
          assertThat(mixed)
              .extracting(Outcome::succeeded)
              .containsExactly(true, false, false, true);
          assertThat(mixed.get(1).failure()).isInstanceOf(InvalidInputException.class);
          assertThat(mixed.get(1).failure()).hasMessageContaining("expected no zero dimension");
          assertThat(mixed.get(2).failure()).isInstanceOf(InvalidInputException.class);
        });
  }
}
