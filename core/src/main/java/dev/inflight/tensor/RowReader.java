package dev.inflight.tensor;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;

/**
 * Where a codec reads one row of the answer. Valid only during the call it was handed to: the
 * memory is the lane's and the next run overwrites it. {@code output} is the position in {@link
 * Signature#outputs()}.
 *
 * <p>Every method throws {@link IllegalStateException} when the output is of another type than it
 * reads.
 */
public final class RowReader {
  private final RowBuffers buffers;
  private int row;
  private int rows = 1;

  RowReader(RowBuffers buffers) {
    this.buffers = buffers;
  }

  /** For backends: the next reads are of row {@code row} of {@code rows}. */
  public void begin(int row, int rows) {
    this.row = row;
    this.rows = rows;
    for (Buffer view : buffers.views) {
      view.clear();
    }
  }

  /** {@return the number of elements of this row} */
  public int elements(int output) {
    if (buffers.values[output] == null) {
      return rowElements(output);
    }
    boolean text = buffers.specs[output].type() == DataType.STRING;
    return (text ? strings(output).length : buffers.views[output].capacity()) / tensorRows(output);
  }

  /** {@return this row of a FLOAT32 output, position at its start, limit at its end} */
  public FloatBuffer floats(int output) {
    return (FloatBuffer) view(output, buffers.views[output] instanceof FloatBuffer, "FLOAT32");
  }

  /** {@return this row of a FLOAT64 output, position at its start, limit at its end} */
  public DoubleBuffer doubles(int output) {
    return (DoubleBuffer) view(output, buffers.views[output] instanceof DoubleBuffer, "FLOAT64");
  }

  /** {@return this row of a 64-bit integer output, position at its start, limit at its end} */
  public LongBuffer longs(int output) {
    return (LongBuffer)
        view(output, buffers.views[output] instanceof LongBuffer, "INT64 or UINT64");
  }

  /** {@return this row of a 32-bit integer output, position at its start, limit at its end} */
  public IntBuffer ints(int output) {
    return (IntBuffer) view(output, buffers.views[output] instanceof IntBuffer, "INT32 or UINT32");
  }

  /** {@return this row of a 16-bit output as raw bits, position at its start, limit at its end} */
  public ShortBuffer shorts(int output) {
    return (ShortBuffer)
        view(output, buffers.views[output] instanceof ShortBuffer, "a 16-bit type");
  }

  /** {@return this row of a byte-wide output, position at its start, limit at its end} */
  public ByteBuffer bytes(int output) {
    return (ByteBuffer) view(output, buffers.specs[output].type().bits() == 8, "an 8-bit type");
  }

  /** {@return string {@code index} of this row} */
  public String string(int output, int index) {
    String[] strings = strings(output);
    return strings[row * elements(output) + index];
  }

  private String[] strings(int output) {
    if (buffers.specs[output].type() != DataType.STRING) {
      throw wrong(output, "STRING");
    }
    return buffers.strings[output];
  }

  /** {@return number {@code index} of this row, widened; unsigned types by their value} */
  public double number(int output, int index) {
    Buffer view = buffers.views[output];
    int at = row * elements(output) + index;
    if (view instanceof FloatBuffer floats) {
      return floats.get(at);
    }
    if (view instanceof DoubleBuffer doubles) {
      return doubles.get(at);
    }
    return integer(output, index);
  }

  /**
   * {@return whole number {@code index} of this row; unsigned types by their value, UINT64 as raw
   * bits}
   */
  public long integer(int output, int index) {
    Buffer view = buffers.views[output];
    int at = row * elements(output) + index;
    return switch (buffers.specs[output].type()) {
      case INT64, UINT64 -> ((LongBuffer) view).get(at);
      case INT32 -> ((IntBuffer) view).get(at);
      case UINT32 -> Integer.toUnsignedLong(((IntBuffer) view).get(at));
      case INT16 -> ((ShortBuffer) view).get(at);
      case UINT16 -> Short.toUnsignedLong(((ShortBuffer) view).get(at));
      case INT8 -> ((ByteBuffer) view).get(at);
      case UINT8, BOOL -> Byte.toUnsignedLong(((ByteBuffer) view).get(at));
      default -> throw wrong(output, "a whole-number type");
    };
  }

  /**
   * {@return this row as a value of its own, copied: a tensor, or this row's element of a sequence}
   */
  public ModelValue value(int output) {
    ModelValue value = buffers.values[output];
    if (value instanceof SequenceValue sequence && sequence.values().size() == rows) {
      return sequence.values().get(row);
    }
    if (value != null && !(value instanceof Tensor)) {
      return value;
    }
    ValueSpec spec = buffers.specs[output];
    int elements = elements(output);
    if (spec.type() == DataType.STRING) {
      String[] strings = new String[elements];
      for (int i = 0; i < elements; i++) {
        strings[i] = string(output, i);
      }
      return Tensor.of(strings, elements);
    }
    int bytes = (int) spec.type().bytes(elements);
    ByteBuffer source =
        value instanceof Tensor tensor ? tensor.bytes() : buffers.region(output).duplicate();
    ByteBuffer copy = ByteBuffer.allocate(bytes).order(ByteOrder.nativeOrder());
    copy.put(0, source, row * bytes, bytes);
    Shape shape = spec.rowShape();
    return Tensor.over(spec.type(), shape.isFixed() ? shape : Shape.of(elements), copy);
  }

  /** A tensor whose dimension 0 is not the number of rows belongs to the one row there is. */
  private int tensorRows(int output) {
    return buffers.values[output] instanceof Tensor tensor
            && (tensor.shape().rank() == 0 || tensor.shape().dim(0) != rows)
        ? 1
        : rows;
  }

  private int rowElements(int output) {
    return (int) buffers.rowShapes[output].elements();
  }

  private Buffer view(int output, boolean fits, String expected) {
    if (!fits) {
      throw wrong(output, expected);
    }
    int elements = elements(output);
    Buffer view = buffers.views[output];
    return view.limit((row + 1) * elements).position(row * elements);
  }

  private IllegalStateException wrong(int output, String expected) {
    return new IllegalStateException(
        "output " + buffers.specs[output] + ": the codec reads " + expected);
  }
}
