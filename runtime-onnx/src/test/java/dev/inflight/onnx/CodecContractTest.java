package dev.inflight.onnx;

import dev.inflight.Codec;
import dev.inflight.ModelLoader;
import dev.inflight.tensor.RowReader;
import dev.inflight.tensor.RowWriter;
import dev.inflight.testkit.BackendContract;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/** The contract for rows that go through a codec. */
class CodecContractTest extends BackendContract<float[], float[]> {
  private static final Codec<float[], float[]> CODEC =
      (artifact, signature) -> {
        int in = signature.input("features");
        int out = signature.output("probabilities");
        return new Codec.Bound<>() {
          @Override
          public void encode(float[] row, RowWriter writer) {
            for (float value : row) {
              writer.put(in, value);
            }
          }

          @Override
          public float[] decode(RowReader reader) {
            float[] answer = new float[reader.elements(out)];
            reader.floats(out).get(answer);
            return answer;
          }
        };
      };

  @Override
  protected ModelLoader<float[], float[]> loader() {
    return OnnxLoader.of(CODEC);
  }

  @Override
  protected Path modelDirectory() {
    return CaseFiles.models("onnx/logistic");
  }

  @Override
  protected List<float[]> rows() {
    return List.of(
        new float[] {5.1f, 3.5f, 1.4f, 0.2f},
        new float[] {6.0f, 2.7f, 4.2f, 1.3f},
        new float[] {6.9f, 3.1f, 5.8f, 2.1f});
  }

  @Override
  protected Optional<float[]> invalidRow() {
    return Optional.of(new float[5]);
  }

  @Override
  protected Optional<float[]> poisonRow() {
    return Optional.of(new float[3]);
  }

  @Override
  protected Optional<float[]> nanRow() {
    return Optional.of(new float[] {Float.NaN, 3.5f, 1.4f, 0.2f});
  }

  @Override
  protected boolean same(float[] a, float[] b) {
    return Arrays.equals(a, b);
  }

  @Override
  protected boolean close(float[] together, float[] alone) {
    for (int i = 0; i < alone.length; i++) {
      if (Math.abs(together[i] - alone[i]) > 1e-6) {
        return false;
      }
    }
    return together.length == alone.length;
  }
}
