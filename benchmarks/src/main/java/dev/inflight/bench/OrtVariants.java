package dev.inflight.bench;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Map;
import java.util.Set;

/** Raw ONNX Runtime Java, from how it is usually written to the least it can cost. */
final class OrtVariants {
  private OrtVariants() {}

  private static OrtSession session(byte[] model) throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      options.addConfigEntry("session.intra_op.allow_spinning", "0");
      return OrtEnvironment.getEnvironment().createSession(model, options);
    }
  }

  private static FloatBuffer direct(int floats) {
    return ByteBuffer.allocateDirect(4 * floats).order(ByteOrder.nativeOrder()).asFloatBuffer();
  }

  /** A new tensor from {@code float[][]}, the answer by {@code getValue()}. */
  static Variant arrays(byte[] model, float[][] rows) throws OrtException {
    OrtSession session = session(model);
    return new Variant() {
      @Override
      public float call() throws OrtException {
        try (OnnxTensor x = OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), rows);
            OrtSession.Result result = session.run(Map.of("x", x))) {
          return ((float[][]) result.get(0).getValue())[0][0];
        }
      }

      @Override
      public void close() throws OrtException {
        session.close();
      }
    };
  }

  /** A kept direct buffer, new tensors each call. */
  static Variant directBuffer(byte[] model, float[][] rows) throws OrtException {
    OrtSession session = session(model);
    int width = rows[0].length;
    FloatBuffer in = direct(rows.length * width);
    long[] shape = {rows.length, width};
    return new Variant() {
      @Override
      public float call() throws OrtException {
        in.clear();
        for (float[] row : rows) {
          in.put(row);
        }
        try (OnnxTensor x =
                OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), in.flip(), shape);
            OrtSession.Result result = session.run(Map.of("x", x))) {
          return ((OnnxTensor) result.get(0)).getFloatBuffer().get(0);
        }
      }

      @Override
      public void close() throws OrtException {
        session.close();
      }
    };
  }

  /** Every buffer, tensor and map kept, the output pinned: what the binding costs at the least. */
  static Variant reused(byte[] model, float[][] rows, int outWidth) throws OrtException {
    OrtSession session = session(model);
    int width = rows[0].length;
    FloatBuffer in = direct(rows.length * width);
    FloatBuffer out = direct(rows.length * outWidth);
    OnnxTensor x =
        OnnxTensor.createTensor(
            OrtEnvironment.getEnvironment(), in, new long[] {rows.length, width});
    OnnxTensor y =
        OnnxTensor.createTensor(
            OrtEnvironment.getEnvironment(), out, new long[] {rows.length, outWidth});
    Map<String, OnnxTensor> inputs = Map.of("x", x);
    Map<String, OnnxTensor> outputs = Map.of("y", y);
    float[][] answers = new float[rows.length][outWidth];
    return new Variant() {
      @Override
      public float call() throws OrtException {
        in.clear();
        for (float[] row : rows) {
          in.put(row);
        }
        session.run(inputs, Set.of(), outputs, null).close();
        out.clear();
        for (float[] answer : answers) {
          out.get(answer);
        }
        return answers[0][0];
      }

      @Override
      public void close() throws OrtException {
        x.close();
        y.close();
        session.close();
      }
    };
  }
}
