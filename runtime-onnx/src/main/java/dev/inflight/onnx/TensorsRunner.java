package dev.inflight.onnx;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.inflight.Lane;
import dev.inflight.Outcome;
import dev.inflight.Runner;
import dev.inflight.tensor.DataType;
import dev.inflight.tensor.ModelValue;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import dev.inflight.tensor.ValueSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One lane's runner for rows of tensors. Copies each tensor into the lane's memory: a copy of a
 * small tensor is cheaper than a native handle for it, and the caller's memory is never read by
 * native code.
 *
 * <p>Invariant: a {@code Shaped} feed lies in the lane's current block, laid out for exactly its
 * input shapes; rows of one shape after the other reuse it.
 */
final class TensorsRunner implements Runner<Tensors, Tensors> {
  /** Services call with few shapes; the oldest goes. */
  private static final int MAX_SHAPES = 16;

  private final OnnxModel model;
  private final Lane lane;
  private final List<ValueSpec> inputs;
  private final List<ValueSpec> outputs;
  private final String[] outputNames;
  private final Termination termination;
  private final List<Shaped> feeds = new ArrayList<>();
  private final List<Outcome<Tensors>> outcomes = new ArrayList<>();

  /** The feed for one combination of shapes, null where an input is left out. */
  private static final class Shaped {
    private final @Nullable Shape[] shapes;
    private final @Nullable Shape[] pinned;
    private final Feed feed;
    private final ByteBuffer block;
    private final @Nullable ByteBuffer[] inputs;
    private final @Nullable ByteBuffer[] pins;

    Shaped(@Nullable Shape[] shapes, @Nullable Shape[] pinned, Feed feed, ByteBuffer block) {
      this.shapes = shapes;
      this.pinned = pinned;
      this.feed = feed;
      this.block = block;
      inputs = new ByteBuffer[shapes.length];
      pins = new ByteBuffer[pinned.length];
    }
  }

  TensorsRunner(OnnxModel model, Lane lane) throws OrtException {
    this.model = model;
    this.lane = lane;
    inputs = model.signature().inputs();
    outputs = model.signature().outputs();
    outputNames = model.outputNames().toArray(new String[0]);
    termination = new Termination(model.info().label());
  }

  @Override
  public List<Outcome<Tensors>> run(List<? extends Tensors> rows) throws OrtException {
    termination.reset();
    outcomes.clear();
    for (int i = 0; i < rows.size(); i++) {
      outcomes.add(Outcome.of(run(rows.get(i))));
    }
    return outcomes;
  }

  @Override
  public Tensors runOne(Tensors row) throws OrtException {
    termination.reset();
    return run(row);
  }

  private Tensors run(Tensors row) throws OrtException {
    termination.check();
    Shaped shaped = find(row);
    if (shaped == null) {
      shaped = shape(row, new Shape[outputs.size()]);
    }
    try {
      return infer(shaped, row);
    } catch (OrtException e) {
      termination.check(e);
      if (shaped.feed.isAllPinned() || Arrays.stream(shaped.pinned).anyMatch(s -> s != null)) {
        // The shape of an output depends on more than the inputs' shapes: never pin again, and ask
        // once more.
        if (model.isPredictable() && Feed.isShapeProblem(e)) {
          model.giveUpPinning();
          dropFeeds();
          return infer(shape(row, new Shape[outputs.size()]), row);
        }
      }
      throw e;
    }
  }

  @SuppressWarnings("ReferenceEquality") // buffers are equal by content
  private @Nullable Shaped find(Tensors row) {
    for (int f = 0; f < feeds.size(); f++) {
      Shaped shaped = feeds.get(f);
      boolean fits = true;
      for (int i = 0; fits && i < shaped.shapes.length; i++) {
        Tensor tensor = tensor(row, i);
        Shape shape = shaped.shapes[i];
        fits = shape == null ? tensor == null : tensor != null && shape.equals(tensor.shape());
      }
      if (fits && shaped.block == lane.memory(shaped.block.capacity())) {
        return shaped;
      }
      if (fits) {
        feeds.remove(f);
        shaped.feed.close();
        return null;
      }
    }
    return null;
  }

  private @Nullable Tensor tensor(Tensors row, int input) {
    String name = inputs.get(input).name();
    int at = input < row.size() && row.name(input).equals(name) ? input : row.indexOf(name);
    return at < 0 ? null : (Tensor) row.value(at);
  }

  /** A feed for the shapes of {@code row} that pins the outputs whose shape is given. */
  private Shaped shape(Tensors row, @Nullable Shape[] pinned) throws OrtException {
    long size = 0;
    @Nullable Shape[] shapes = new Shape[inputs.size()];
    for (int i = 0; i < shapes.length; i++) {
      Tensor tensor = tensor(row, i);
      shapes[i] = tensor == null ? null : tensor.shape();
      size += tensor == null ? 0 : aligned(tensor.type().bytes(tensor.shape().elements()));
    }
    for (int i = 0; i < pinned.length; i++) {
      Shape shape = pinned[i];
      size += shape == null ? 0 : aligned(outputs.get(i).type().bytes(shape.elements()));
    }
    if (feeds.size() >= MAX_SHAPES) {
      feeds.remove(0).feed.close();
    }
    Shaped shaped = new Shaped(shapes, pinned, new Feed(model), lane.memory(size));
    try {
      lay(shaped);
    } catch (OrtException | RuntimeException e) {
      shaped.feed.close();
      throw e;
    }
    feeds.add(shaped);
    return shaped;
  }

  /** Inputs, then pinned outputs, one after the other in the block. */
  private void lay(Shaped shaped) throws OrtException {
    int offset = 0;
    for (int i = 0; i < shaped.shapes.length; i++) {
      Shape shape = shaped.shapes[i];
      if (shape == null || inputs.get(i).type() == DataType.STRING) {
        continue;
      }
      ByteBuffer part = part(shaped.block, offset, inputs.get(i), shape);
      offset += (int) aligned(part.capacity());
      shaped.inputs[i] = part;
      shaped.feed.input(inputs.get(i).name(), inputs.get(i).type(), shape, part);
    }
    for (int i = 0; i < shaped.pinned.length; i++) {
      Shape shape = shaped.pinned[i];
      if (shape != null) {
        ByteBuffer part = part(shaped.block, offset, outputs.get(i), shape);
        offset += (int) aligned(part.capacity());
        shaped.pins[i] = part;
        shaped.feed.pin(outputs.get(i).name(), outputs.get(i).type(), shape, part);
      }
    }
  }

  private static ByteBuffer part(ByteBuffer block, int offset, ValueSpec spec, Shape shape) {
    return block
        .slice(offset, (int) spec.type().bytes(shape.elements()))
        .order(ByteOrder.nativeOrder());
  }

  private static long aligned(long bytes) {
    return (bytes + 63) / 64 * 64;
  }

  private Tensors infer(Shaped shaped, Tensors row) throws OrtException {
    for (int i = 0; i < shaped.shapes.length; i++) {
      Tensor tensor = tensor(row, i);
      if (tensor == null) {
        continue;
      }
      ByteBuffer target = shaped.inputs[i];
      if (target == null) {
        shaped.feed.strings(
            inputs.get(i).name(), tensor.shape(), tensor.strings().toArray(new String[0]));
      } else {
        tensor.copyTo(target.clear());
        target.clear();
      }
    }
    try (OrtSession.Result result = shaped.feed.run(termination.options())) {
      ModelValue[] values = new ModelValue[outputs.size()];
      boolean more = false;
      for (int i = 0; i < values.length; i++) {
        ByteBuffer pin = shaped.pins[i];
        Shape shape = shaped.pinned[i];
        if (pin != null && shape != null) {
          ByteBuffer copy = ByteBuffer.allocate(pin.capacity()).order(ByteOrder.nativeOrder());
          copy.put(0, pin, 0, pin.capacity());
          values[i] = Tensor.over(outputs.get(i).type(), shape, copy);
        } else {
          values[i] = Values.copy(result.get(outputNames[i]).orElseThrow());
          more |= canPin(values[i], outputs.get(i));
        }
      }
      if (more && model.isPredictable()) {
        pinNext(shaped, row, values);
      }
      return Tensors.adopt(outputNames, values);
    }
  }

  private static boolean canPin(ModelValue value, ValueSpec spec) {
    return value instanceof Tensor tensor
        && tensor.type() != DataType.STRING
        && tensor.type() == spec.type()
        && spec.shape().accepts(tensor.shape()) // else ONNX Runtime refuses its own shape
        && !tensor.shape().isEmpty()
        && isJavaType(tensor.type());
  }

  private static boolean isJavaType(DataType type) {
    return switch (type) {
      case FLOAT32, FLOAT64, INT8, INT16, INT32, INT64, UINT8, BOOL, FLOAT16, BFLOAT16 -> true;
      default -> false;
    };
  }

  /**
   * The same inputs usually give the same output shapes: the next run of these shapes writes
   * straight into our memory.
   */
  private void pinNext(Shaped shaped, Tensors row, ModelValue[] values) throws OrtException {
    @Nullable Shape[] shapes = new Shape[values.length];
    for (int i = 0; i < shapes.length; i++) {
      shapes[i] = canPin(values[i], outputs.get(i)) ? ((Tensor) values[i]).shape() : null;
    }
    feeds.remove(shaped);
    shaped.feed.close();
    shape(row, shapes);
  }

  @Override
  public void cancel() {
    termination.terminate();
  }

  @Override
  public void close() {
    dropFeeds();
    termination.close();
  }

  private void dropFeeds() {
    feeds.forEach(shaped -> shaped.feed.close());
    feeds.clear();
  }
}
