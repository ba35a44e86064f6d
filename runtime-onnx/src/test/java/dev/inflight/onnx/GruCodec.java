package dev.inflight.onnx;

import dev.inflight.Codec;
import dev.inflight.ModelArtifact;
import dev.inflight.tensor.RowReader;
import dev.inflight.tensor.RowWriter;
import dev.inflight.tensor.Signature;
import dev.inflight.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Time steps of 8 numbers, as many as there are, to 10 logits. */
enum GruCodec implements Codec<float[], float[]> {
  INSTANCE;

  @Override
  public Bound<float[], float[]> bind(ModelArtifact artifact, Signature signature) {
    int in = signature.input("rows");
    int out = signature.output("logits");
    return new Bound<>() {
      @Override
      public void encode(float[] row, RowWriter writer) {
        if (row.length % 8 != 0) {
          throw new IllegalArgumentException("expected steps of 8, got " + row.length);
        }
        writer.dims(in, row.length / 8, 8);
        writer.floats(in).put(row);
      }

      @Override
      public float[] decode(RowReader reader) {
        float[] logits = new float[reader.elements(out)];
        reader.floats(out).get(logits);
        return logits;
      }
    };
  }

  /** The rows of a tensor of shape [batch, length, 8]. */
  static List<float[]> rows(Tensor tensor) {
    int n = (int) tensor.shape().dim(0);
    int width = (int) tensor.shape().elements() / n;
    List<float[]> rows = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      float[] row = new float[width];
      tensor.floats().get(i * width, row);
      rows.add(row);
    }
    return rows;
  }
}
