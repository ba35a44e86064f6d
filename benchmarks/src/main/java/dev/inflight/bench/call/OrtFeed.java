package dev.inflight.bench.call;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.inflight.bench.model.BenchModel;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Raw ONNX Runtime Java at the least it can cost: every buffer, tensor and map kept per batch size,
 * the output pinned. For one thread; the session may be shared.
 */
public final class OrtFeed implements AutoCloseable {
  private final BenchModel model;
  private final OrtSession session;
  private final FloatBuffer in;
  private final FloatBuffer out;
  private final @Nullable Tensors[] tensors;

  private record Tensors(
      OnnxTensor x,
      OnnxTensor y,
      Map<String, OnnxTensor> inputs,
      Map<String, OnnxTensor> outputs) {}

  /** Room for that many rows. */
  public OrtFeed(BenchModel model, OrtSession session, int capacity) {
    this.model = model;
    this.session = session;
    in = direct(capacity * model.inWidth());
    out = direct(capacity * model.outWidth());
    tensors = new Tensors[capacity + 1];
  }

  /** {@return a session with one thread that does not spin} */
  public static OrtSession session(BenchModel model) throws OrtException {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      options.addConfigEntry("session.intra_op.allow_spinning", "0");
      return OrtEnvironment.getEnvironment().createSession(model.bytes(), options);
    }
  }

  static FloatBuffer direct(int floats) {
    return ByteBuffer.allocateDirect(4 * floats).order(ByteOrder.nativeOrder()).asFloatBuffer();
  }

  /** Row {@code i} of the next run. */
  public void put(int i, float[] row) {
    in.put(i * row.length, row);
  }

  /** Runs the first {@code n} rows. */
  public void run(int n) throws OrtException {
    Tensors kept = tensors[n];
    if (kept == null) {
      kept = tensors(n);
      tensors[n] = kept;
    }
    session.run(kept.inputs(), Set.of(), kept.outputs(), null).close();
  }

  /** The answer to row {@code i} of the last run. */
  public void get(int i, float[] answer) {
    out.get(i * answer.length, answer);
  }

  /** {@return one row's answer, in a new array} */
  public float[] runOne(float[] row) throws OrtException {
    put(0, row);
    run(1);
    float[] answer = new float[model.outWidth()];
    get(0, answer);
    return answer;
  }

  private Tensors tensors(int n) throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    OnnxTensor x =
        OnnxTensor.createTensor(environment, in.slice(0, n * model.inWidth()), model.shape(n));
    OnnxTensor y =
        OnnxTensor.createTensor(
            environment, out.slice(0, n * model.outWidth()), new long[] {n, model.outWidth()});
    return new Tensors(x, y, Map.of(model.input(), x), Map.of(model.output(), y));
  }

  /** Frees the tensors, not the session. */
  @Override
  public void close() {
    for (Tensors kept : tensors) {
      if (kept != null) {
        Objects.requireNonNull(kept).x().close();
        kept.y().close();
      }
    }
  }
}
