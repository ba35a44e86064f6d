package dev.inflight.tensor;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A backend's side of {@link RowWriter} and {@link RowReader}: one region of memory for each input
 * (or output), holding the rows of one run one after the other. Made once per runner, used by one
 * thread at a time.
 *
 * <p>Invariant: region {@code i} is row-major; row {@code r} of a {@linkplain #isFixed() fixed}
 * spec occupies the elements {@code [r*rowElements, (r+1)*rowElements)}. A spec whose row shape is
 * open has room for one row, whose shape the codec declares by {@link RowWriter#dims}.
 */
public final class RowBuffers {
  /** Cache-line and SIMD friendly; ONNX Runtime allocates with the same alignment. */
  private static final int ALIGNMENT = 64;

  private static final ByteBuffer NOTHING = ByteBuffer.allocate(0).order(ByteOrder.nativeOrder());

  final ValueSpec[] specs;
  final Buffer[] views;
  final @Nullable ModelValue[] values;
  final String[][] strings;
  final Shape[] rowShapes;
  private final ByteBuffer[] regions;
  private final boolean fixed;
  private final RowWriter writer;
  private final RowReader reader;
  private int capacity;

  /** Has no memory until {@link #place}. */
  public RowBuffers(List<ValueSpec> specs) {
    int n = specs.size();
    this.specs = specs.toArray(new ValueSpec[0]);
    views = new Buffer[n];
    values = new ModelValue[n];
    strings = new String[n][];
    rowShapes = new Shape[n];
    regions = new ByteBuffer[n];
    Arrays.fill(strings, new String[0]);
    Arrays.fill(views, NOTHING);
    Arrays.fill(regions, NOTHING);
    boolean allFixed = true;
    for (int i = 0; i < n; i++) {
      rowShapes[i] = this.specs[i].rowShape();
      allFixed &= this.specs[i].kind() == ValueSpec.Kind.TENSOR && rowShapes[i].isFixed();
    }
    fixed = allFixed;
    writer = new RowWriter(this);
    reader = new RowReader(this);
  }

  /**
   * {@return whether the size of a row follows from the declaration alone, for every input or
   * output}
   */
  public boolean isFixed() {
    return fixed;
  }

  /** {@return the size of the block that {@link #place} needs for that many rows} */
  public long bytes(int rows) {
    long sum = 0;
    for (int i = 0; i < specs.length; i++) {
      sum += aligned(regionBytes(i, rows));
    }
    return sum;
  }

  private long regionBytes(int i, int rows) {
    boolean placed = specs[i].kind() == ValueSpec.Kind.TENSOR && rowShapes[i].isFixed();
    return placed
        ? Math.multiplyExact(specs[i].type().bytes(rowShapes[i].elements()), (long) rows)
        : 0;
  }

  private static long aligned(long bytes) {
    return (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
  }

  /**
   * Lays the regions out in {@code block}, from its position on, for up to {@code rows} rows. What
   * was there stays readable only through buffers taken before.
   */
  public void place(ByteBuffer block, int rows) {
    int offset = block.position();
    for (int i = 0; i < specs.length; i++) {
      int length = Math.toIntExact(regionBytes(i, rows));
      regions[i] = block.slice(offset, length).order(ByteOrder.nativeOrder());
      views[i] = view(specs[i].type(), regions[i]);
      if (specs[i].type() == DataType.STRING && rowShapes[i].isFixed()) {
        strings[i] = new String[Math.toIntExact(rowShapes[i].elements() * rows)];
      }
      offset += Math.toIntExact(aligned(length));
    }
    capacity = rows;
  }

  /** {@return the rows that fit} */
  public int capacity() {
    return capacity;
  }

  /**
   * {@return the memory of input or output {@code i}, native order; empty for strings, sequences
   * and maps}
   */
  public ByteBuffer region(int i) {
    return regions[i];
  }

  /** {@return the strings of input {@code i}, row-major} */
  public String[] strings(int i) {
    return strings[i];
  }

  /**
   * {@return the shape of the row in input {@code i}: as declared, or as the codec said by {@link
   * RowWriter#dims}}
   */
  public Shape rowShape(int i) {
    return rowShapes[i];
  }

  /** {@return whether the last row wrote input {@code i}; false only for optional inputs} */
  public boolean isWritten(int i) {
    return writer.isWritten(i);
  }

  /**
   * Gives output {@code i} of the next answers: a tensor whose dimension 0 is the row, or a
   * sequence with one value a row.
   */
  public void set(int i, ModelValue value) {
    values[i] = value;
    if (value instanceof Tensor tensor) {
      if (tensor.type() == DataType.STRING) {
        strings[i] = tensor.strings().toArray(new String[0]);
      } else {
        views[i] = view(tensor.type(), tensor.bytes());
      }
    }
  }

  /** Output {@code i} is read from its {@linkplain #region region} again. */
  public void reset(int i) {
    values[i] = null;
    views[i] = view(specs[i].type(), regions[i]);
  }

  /** {@return the one writer of these buffers} */
  public RowWriter writer() {
    return writer;
  }

  /** {@return the one reader of these buffers} */
  public RowReader reader() {
    return reader;
  }

  /**
   * Makes room for one row of that shape in input {@code i}, on memory of its own that only grows.
   */
  void open(int i, Shape rowShape) {
    DataType type = specs[i].type();
    if (type == DataType.STRING) {
      strings[i] = new String[Math.toIntExact(rowShape.elements())];
    } else {
      int length = Math.toIntExact(type.bytes(rowShape.elements()));
      ByteBuffer whole = regions[i];
      if (whole.capacity() < length) {
        whole =
            ByteBuffer.allocateDirect(Math.max(length, 2 * whole.capacity()))
                .order(ByteOrder.nativeOrder());
      }
      regions[i] = whole;
      views[i] = view(type, whole.slice(0, length).order(ByteOrder.nativeOrder()));
    }
    rowShapes[i] = rowShape;
  }

  static Buffer view(DataType type, ByteBuffer bytes) {
    return switch (type) {
      case FLOAT32, COMPLEX64 -> bytes.asFloatBuffer();
      case FLOAT64, COMPLEX128 -> bytes.asDoubleBuffer();
      case INT64, UINT64 -> bytes.asLongBuffer();
      case INT32, UINT32 -> bytes.asIntBuffer();
      case INT16, UINT16, FLOAT16, BFLOAT16 -> bytes.asShortBuffer();
      default -> bytes;
    };
  }
}
