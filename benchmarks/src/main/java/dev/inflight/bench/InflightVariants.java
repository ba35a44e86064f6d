package dev.inflight.bench;

import dev.inflight.Codec;
import dev.inflight.Lanes;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelSlot;
import dev.inflight.Predictor;
import dev.inflight.onnx.OnnxLoader;
import dev.inflight.tensor.RowReader;
import dev.inflight.tensor.RowWriter;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Ours, through the predictor a user has. */
final class InflightVariants {
  private InflightVariants() {}

  private static ModelArtifact artifact(byte[] model) throws IOException {
    Path directory = Files.createTempDirectory("inflight-bench");
    Path file = Files.write(directory.resolve("model.onnx"), model);
    file.toFile().deleteOnExit();
    directory.toFile().deleteOnExit();
    return ModelArtifact.of("bench", "1", directory);
  }

  /** One row of {@code float[]} through a codec. */
  static Variant codec(byte[] model, float[] row) throws IOException {
    Lanes lanes = Lanes.of(1);
    ModelSlot<float[], float[]> slot =
        ModelSlot.of(OnnxLoader.of(floats()).load(artifact(model)), lanes);
    Predictor<float[], float[]> predictor = slot.predictor();
    return new Variant() {
      @Override
      public float call() {
        return predictor.predict(row)[0];
      }

      @Override
      public void close() {
        slot.close();
        lanes.close();
      }
    };
  }

  /** A batch as one tensor. */
  static Variant tensors(byte[] model, float[][] rows) throws IOException {
    Lanes lanes = Lanes.of(1);
    ModelSlot<Tensors, Tensors> slot =
        ModelSlot.of(OnnxLoader.tensors().load(artifact(model)), lanes);
    Predictor<Tensors, Tensors> predictor = slot.predictor();
    int width = rows[0].length;
    float[] flat = new float[rows.length * width];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, flat, i * width, width);
    }
    return new Variant() {
      @Override
      public float call() {
        return predictor
            .predict(Tensors.of("x", Tensor.of(flat, rows.length, width)))
            .tensor("y")
            .floats()
            .get(0);
      }

      @Override
      public void close() {
        slot.close();
        lanes.close();
      }
    };
  }

  private static Codec<float[], float[]> floats() {
    return (artifact, signature) -> {
      int x = signature.input("x");
      int y = signature.output("y");
      return new Codec.Bound<float[], float[]>() {
        @Override
        public void encode(float[] row, RowWriter writer) {
          writer.floats(x).put(row);
        }

        @Override
        public float[] decode(RowReader reader) {
          float[] answer = new float[reader.elements(y)];
          reader.floats(y).get(answer);
          return answer;
        }
      };
    };
  }
}
