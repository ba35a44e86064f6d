package dev.inflight.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.inflight.tensor.DataType;
import dev.inflight.tensor.MapValue;
import dev.inflight.tensor.ModelValue;
import dev.inflight.tensor.RowBuffers;
import dev.inflight.tensor.SequenceValue;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.ValueSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares a compiled form with the session it is to replace, bit for bit, before anybody uses it.
 * Deterministic on one machine: the same model always passes or always fails.
 */
final class SelfCheck {
  /** Rows that are also answered alone, where a batch must give the same. */
  private static final int ALONE = 64;

  private static final Logger log = LoggerFactory.getLogger(SelfCheck.class);

  private final OnnxModel model;
  private final Compiler.Draft draft;
  private final Compiled.Evaluation evaluation;
  private final List<ValueSpec> outputs;

  SelfCheck(OnnxModel model, Compiler.Draft draft) {
    this.model = model;
    this.draft = draft;
    evaluation = draft.compiled().newEvaluation();
    outputs = model.signature().outputs();
  }

  /**
   * {@return the model's compiled form, if it has one that answers as its session does}
   *
   * @param file the model's
   */
  static Optional<Compiled> compile(OnnxModel model, ByteBuffer file) {
    String label = model.info().label();
    Compiler.Draft draft;
    try {
      draft = Compiler.compile(file, model.graph(), model.signature(), model.options());
    } catch (UncompilableException | IllegalArgumentException | ArithmeticException e) {
      log.debug("{}: not compiled: {}", label, e.getMessage());
      return Optional.empty();
    }
    String found;
    try {
      Optional<String> difference = new SelfCheck(model, draft).difference();
      if (difference.isEmpty()) {
        return Optional.of(draft.compiled());
      }
      found = difference.get();
    } catch (OrtException e) {
      found = String.valueOf(e.getMessage());
    }
    log.warn(
        "{}: the compiled {} differs from onnxruntime, which answers instead: {}",
        label,
        draft.compiled().operator(),
        found);
    return Optional.empty();
  }

  /** {@return the first difference in words, if there is one} */
  Optional<String> difference() throws OrtException {
    List<double[]> rows = draft.probes().rows();
    int alone = draft.sameInBatches() ? ALONE : rows.size();
    for (int i = 0; i < alone; i++) {
      Optional<String> difference = difference(rows.subList(i, i + 1));
      if (difference.isPresent()) {
        return difference;
      }
    }
    return draft.sameInBatches() ? difference(rows) : Optional.empty();
  }

  private Optional<String> difference(List<double[]> rows) throws OrtException {
    int n = rows.size();
    ByteBuffer in = encode(rows);
    RowBuffers out = new RowBuffers(outputs);
    ByteBuffer memory = ByteBuffer.allocate((int) out.bytes(n)).order(ByteOrder.nativeOrder());
    out.place(memory, n);
    evaluation.answer(in, n, out);
    ValueSpec input = model.signature().inputs().get(0);
    Shape shape = Shape.of(n, draft.compiled().columns());
    try (OnnxTensor tensor =
            OnnxTensor.createTensor(
                model.environment(),
                in,
                shape.dims(),
                Values.javaType(input.type(), "input " + input));
        OrtSession.Result result =
            model.session().run(Map.of(input.name(), tensor), model.outputNames())) {
      for (int i = 0; i < outputs.size(); i++) {
        String name = outputs.get(i).name();
        ModelValue expected = Values.copy(result.get(name).orElseThrow());
        if (!isSame(evaluation.value(i, n, out), expected)) {
          return Optional.of("output '" + name + "' of " + n + " rows");
        }
      }
      return Optional.empty();
    }
  }

  private ByteBuffer encode(List<double[]> rows) {
    DataType type = draft.compiled().input();
    int size = rows.size() * draft.compiled().columns();
    ByteBuffer in =
        ByteBuffer.allocateDirect((int) type.bytes(size)).order(ByteOrder.nativeOrder());
    for (double[] row : rows) {
      for (double value : row) {
        switch (type) {
          case FLOAT32 -> in.putFloat((float) value);
          case FLOAT64 -> in.putDouble(value);
          case INT64 -> in.putLong((long) value);
          default -> in.putInt((int) value);
        }
      }
    }
    return in.flip();
  }

  /** Equal to the last bit, NaN being equal to NaN: which one it is, a processor decides. */
  static boolean isSame(ModelValue got, ModelValue expected) {
    if (got instanceof Tensor a && expected instanceof Tensor b) {
      return a.type() == b.type() && a.shape().equals(b.shape()) && isSameData(a, b);
    }
    if (got instanceof SequenceValue a && expected instanceof SequenceValue b) {
      Iterator<ModelValue> each = b.values().iterator();
      return a.values().size() == b.values().size()
          && a.values().stream().allMatch(value -> isSame(value, each.next()));
    }
    // Float and Double compare their bits, with one NaN.
    return got instanceof MapValue a
        && expected instanceof MapValue b
        && a.entries().equals(b.entries());
  }

  private static boolean isSameData(Tensor a, Tensor b) {
    int n = (int) a.shape().elements();
    return switch (a.type()) {
      case FLOAT32 -> {
        FloatBuffer x = a.floats();
        FloatBuffer y = b.floats();
        yield IntStream.range(0, n)
            .allMatch(i -> Float.floatToIntBits(x.get(i)) == Float.floatToIntBits(y.get(i)));
      }
      case FLOAT64 -> {
        DoubleBuffer x = a.doubles();
        DoubleBuffer y = b.doubles();
        yield IntStream.range(0, n)
            .allMatch(i -> Double.doubleToLongBits(x.get(i)) == Double.doubleToLongBits(y.get(i)));
      }
      default -> a.equals(b);
    };
  }
}
