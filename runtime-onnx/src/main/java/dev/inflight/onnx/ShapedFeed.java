package dev.inflight.onnx;

import ai.onnxruntime.OrtException;
import dev.inflight.tensor.DataType;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import dev.inflight.tensor.ValueSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The feed for one combination of input shapes, its tensors laid out in a block of the lane one
 * after the other: inputs, then the outputs whose shape is foreseen.
 *
 * <p>Invariant: an input is null where it is left out or text, an output where it is not pinned.
 */
final class ShapedFeed implements AutoCloseable {
  final Feed feed;
  private final List<ValueSpec> specs;
  private final @Nullable Shape[] shapes;
  private final @Nullable Shape[] pinned;
  private final @Nullable ByteBuffer[] inputs;
  private final @Nullable ByteBuffer[] pins;
  private final ByteBuffer block;

  ShapedFeed(OnnxModel model, @Nullable Shape[] shapes, @Nullable Shape[] pinned, ByteBuffer block)
      throws OrtException {
    this.shapes = shapes;
    this.pinned = pinned;
    this.block = block;
    specs = model.signature().inputs();
    inputs = new ByteBuffer[shapes.length];
    pins = new ByteBuffer[pinned.length];
    feed = new Feed(model);
    try {
      lay(model.signature().outputs());
    } catch (OrtException | RuntimeException e) {
      feed.close();
      throw e;
    }
  }

  /** {@return the bytes a block for these shapes needs} */
  static long bytes(List<ValueSpec> specs, @Nullable Shape[] shapes) {
    long sum = 0;
    for (int i = 0; i < shapes.length; i++) {
      Shape shape = shapes[i];
      sum += shape == null ? 0 : aligned(specs.get(i).type().bytes(shape.elements()));
    }
    return sum;
  }

  private static long aligned(long bytes) {
    return (bytes + 63) / 64 * 64;
  }

  private void lay(List<ValueSpec> outputs) throws OrtException {
    int offset = 0;
    for (int i = 0; i < shapes.length; i++) {
      Shape shape = shapes[i];
      if (shape != null && specs.get(i).type() != DataType.STRING) {
        ByteBuffer part = part(offset, specs.get(i), shape);
        offset += (int) aligned(part.capacity());
        inputs[i] = part;
        feed.input(specs.get(i).name(), specs.get(i).type(), shape, part);
      }
    }
    for (int i = 0; i < pinned.length; i++) {
      Shape shape = pinned[i];
      if (shape != null) {
        ByteBuffer part = part(offset, outputs.get(i), shape);
        offset += (int) aligned(part.capacity());
        pins[i] = part;
        feed.pin(outputs.get(i).name(), outputs.get(i).type(), shape, part);
      }
    }
  }

  private ByteBuffer part(int offset, ValueSpec spec, Shape shape) {
    int length = (int) spec.type().bytes(shape.elements());
    return block.slice(offset, length).order(ByteOrder.nativeOrder());
  }

  @SuppressWarnings("ReferenceEquality") // buffers are equal by content
  boolean isIn(ByteBuffer memory) {
    return block == memory;
  }

  int size() {
    return block.capacity();
  }

  /** {@return whether it fits rows like this one, {@code entries} entries in all; -1: as it is} */
  boolean fits(Tensors row, long entries) {
    for (int i = 0; i < shapes.length; i++) {
      Tensor tensor = tensor(specs, row, i);
      Shape shape = shapes[i];
      if (shape == null || tensor == null) {
        if (shape != null || tensor != null) {
          return false;
        }
      } else if (entries < 0
          ? !shape.equals(tensor.shape())
          : shape.dim(0) != entries || !sameEntry(shape, tensor.shape())) {
        return false;
      }
    }
    return true;
  }

  /** {@return whether two shapes differ in dimension 0 at most} */
  static boolean sameEntry(Shape a, Shape b) {
    if (a.rank() != b.rank()) {
      return false;
    }
    for (int axis = 1; axis < a.rank(); axis++) {
      if (a.dim(axis) != b.dim(axis)) {
        return false;
      }
    }
    return true;
  }

  static @Nullable Tensor tensor(List<ValueSpec> inputs, Tensors row, int input) {
    String name = inputs.get(input).name();
    int at = input < row.size() && row.name(input).equals(name) ? input : row.indexOf(name);
    return at < 0 ? null : (Tensor) row.value(at);
  }

  /** The rows one after the other. */
  void write(List<? extends Tensors> rows, int from, int to) throws OrtException {
    for (int i = 0; i < inputs.length; i++) {
      ByteBuffer target = inputs[i];
      if (target == null) {
        writeText(rows.get(from), i);
        continue;
      }
      target.clear();
      for (int row = from; row < to; row++) {
        copy(rows.get(row), i, target);
      }
      target.clear();
    }
  }

  void write(Tensors row) throws OrtException {
    for (int i = 0; i < inputs.length; i++) {
      ByteBuffer target = inputs[i];
      if (target == null) {
        writeText(row, i);
      } else {
        copy(row, i, target.clear());
        target.clear();
      }
    }
  }

  private void copy(Tensors row, int input, ByteBuffer target) {
    Tensor tensor = tensor(specs, row, input);
    if (tensor != null) {
      tensor.copyTo(target);
    }
  }

  private void writeText(Tensors row, int input) throws OrtException {
    Tensor text = tensor(specs, row, input);
    if (text != null) {
      feed.strings(specs.get(input).name(), text.shape(), text.strings().toArray(new String[0]));
    }
  }

  boolean isAnyPinned() {
    return feed.isAnyPinned();
  }

  /** {@return output {@code i}, if it is pinned} */
  @Nullable ByteBuffer pin(int i) {
    return pins[i];
  }

  @Nullable Shape pinned(int i) {
    return pinned[i];
  }

  @Override
  public void close() {
    feed.close();
  }
}
