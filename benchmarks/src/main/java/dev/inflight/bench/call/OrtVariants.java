package dev.inflight.bench.call;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.OrtUtil;
import dev.inflight.bench.model.Batch;
import dev.inflight.bench.model.BenchModel;
import dev.inflight.bench.model.Cycle;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Raw ONNX Runtime Java, from how it is usually written to the least it can cost. */
public final class OrtVariants {
  private OrtVariants() {}

  /** A new tensor from nested arrays, the answer by {@code getValue()}. */
  public static Variant arrays(BenchModel model, List<Batch> batches) throws OrtException {
    OrtSession session = OrtFeed.session(model);
    Set<String> wanted = Set.of(model.output());
    long[] shape = model.shape(batches.get(0).rows.length);
    Cycle<Object> cycle =
        new Cycle<>(batches.stream().map(batch -> OrtUtil.reshape(batch.flat, shape)).toList());
    return new Variant() {
      @Override
      public float call() throws OrtException {
        try (OnnxTensor x = OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), cycle.next());
            OrtSession.Result result = session.run(Map.of(model.input(), x), wanted)) {
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
  public static Variant directBuffer(BenchModel model, List<Batch> batches) throws OrtException {
    OrtSession session = OrtFeed.session(model);
    Set<String> wanted = Set.of(model.output());
    int n = batches.get(0).rows.length;
    FloatBuffer in = OrtFeed.direct(n * model.inWidth());
    long[] shape = model.shape(n);
    Cycle<Batch> cycle = new Cycle<>(batches);
    return new Variant() {
      @Override
      public float call() throws OrtException {
        fill(in, cycle.next());
        try (OnnxTensor x = OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), in, shape);
            OrtSession.Result result = session.run(Map.of(model.input(), x), wanted)) {
          return ((OnnxTensor) result.get(0)).getFloatBuffer().get(0);
        }
      }

      @Override
      public void close() throws OrtException {
        session.close();
      }
    };
  }

  /** As {@link #directBuffer}, the answer written into a kept direct buffer. */
  public static Variant pinned(BenchModel model, List<Batch> batches) throws OrtException {
    OrtSession session = OrtFeed.session(model);
    int n = batches.get(0).rows.length;
    FloatBuffer in = OrtFeed.direct(n * model.inWidth());
    FloatBuffer out = OrtFeed.direct(n * model.outWidth());
    long[] shape = model.shape(n);
    OnnxTensor y =
        OnnxTensor.createTensor(
            OrtEnvironment.getEnvironment(), out, new long[] {n, model.outWidth()});
    Cycle<Batch> cycle = new Cycle<>(batches);
    return new Variant() {
      @Override
      public float call() throws OrtException {
        fill(in, cycle.next());
        try (OnnxTensor x = OnnxTensor.createTensor(OrtEnvironment.getEnvironment(), in, shape)) {
          session.run(Map.of(model.input(), x), Set.of(), Map.of(model.output(), y), null).close();
        }
        return out.get(0);
      }

      @Override
      public void close() throws OrtException {
        y.close();
        session.close();
      }
    };
  }

  /** Every buffer, tensor and map kept, the output pinned: what the binding costs at the least. */
  public static Variant reused(BenchModel model, List<Batch> batches) throws OrtException {
    OrtSession session = OrtFeed.session(model);
    int n = batches.get(0).rows.length;
    OrtFeed feed = new OrtFeed(model, session, n);
    float[][] answers = new float[n][model.outWidth()];
    Cycle<Batch> cycle = new Cycle<>(batches);
    return new Variant() {
      @Override
      public float call() throws OrtException {
        float[][] rows = cycle.next().rows;
        for (int i = 0; i < rows.length; i++) {
          feed.put(i, rows[i]);
        }
        feed.run(rows.length);
        for (int i = 0; i < answers.length; i++) {
          feed.get(i, answers[i]);
        }
        return answers[0][0];
      }

      @Override
      public void close() throws OrtException {
        feed.close();
        session.close();
      }
    };
  }

  private static void fill(FloatBuffer in, Batch batch) {
    in.clear();
    for (float[] row : batch.rows) {
      in.put(row);
    }
    in.flip();
  }
}
