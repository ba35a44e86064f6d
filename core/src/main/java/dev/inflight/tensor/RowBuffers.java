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
 * spec occupies the elements {@code [r*rowElements, (r+1)*rowElements)}. Rows of a spec whose row
 * shape is open follow each other without gaps, each in the shape that the codec declared by {@link
 * RowWriter#dims}, in memory of the runner that only grows.
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

  /** Where the row shape is open: for each row, where it starts. One more entry than rows. */
  final int[][] starts;

  private final Shape[][] openShapes;
  private final ByteBuffer[] regions;
  private final boolean fixed;
  final boolean[] isOpen;
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
    starts = new int[n][];
    openShapes = new Shape[n][];
    regions = new ByteBuffer[n];
    Arrays.fill(starts, new int[1]);
    Arrays.fill(openShapes, new Shape[0]);
    Arrays.fill(strings, new String[0]);
    Arrays.fill(views, NOTHING);
    Arrays.fill(regions, NOTHING);
    boolean allFixed = true;
    isOpen = new boolean[n];
    for (int i = 0; i < n; i++) {
      rowShapes[i] = this.specs[i].rowShape();
      allFixed &= this.specs[i].kind() == ValueSpec.Kind.TENSOR && rowShapes[i].isFixed();
      isOpen[i] = this.specs[i].kind() == ValueSpec.Kind.TENSOR && !rowShapes[i].isFixed();
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
    boolean placed = specs[i].kind() == ValueSpec.Kind.TENSOR && !isOpen[i];
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
      if (isOpen[i]) {
        starts[i] = Arrays.copyOf(starts[i], rows + 1);
        openShapes[i] = Arrays.copyOf(openShapes[i], rows);
        continue;
      }
      int length = Math.toIntExact(regionBytes(i, rows));
      regions[i] = block.slice(offset, length).order(ByteOrder.nativeOrder());
      views[i] = view(specs[i].type(), regions[i]);
      if (specs[i].type() == DataType.STRING && specs[i].kind() == ValueSpec.Kind.TENSOR) {
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
   * {@return the shape of row {@code row} in input {@code i}: as the codec said by {@link
   * RowWriter#dims}, or as declared}
   */
  public Shape rowShape(int i, int row) {
    return isOpen[i] ? openShapes[i][row] : rowShapes[i];
  }

  /** {@return the element of input {@code i} where row {@code row} starts} */
  public int start(int i, int row) {
    return isOpen[i] ? starts[i][row] : row * (int) rowShapes[i].elements();
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

  /** {@return whether output {@code i} is read from a value that was {@link #set}} */
  public boolean isSet(int i) {
    return values[i] != null;
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
   * Copies row {@code row} to the rows after it, up to {@code rows} rows; only where every row
   * shape is fixed.
   */
  public void repeat(int row, int rows) {
    for (int i = 0; i < specs.length; i++) {
      int elements = (int) rowShapes[i].elements();
      int size = (int) specs[i].type().bytes(elements);
      for (int to = row + 1; to < rows; to++) {
        regions[i].put(to * size, regions[i], row * size, size);
        if (specs[i].type() == DataType.STRING) {
          System.arraycopy(strings[i], row * elements, strings[i], to * elements, elements);
        }
      }
    }
  }

  /** Nothing is known of row {@code row} of the inputs whose row shape is open. */
  void begin(int row) {
    if (fixed) {
      return;
    }
    for (int i = 0; i < specs.length; i++) {
      if (isOpen[i]) {
        rowShapes[i] = specs[i].rowShape();
        openShapes[i][row] = rowShapes[i];
        starts[i][row + 1] = starts[i][row];
      }
    }
  }

  /** Makes room for row {@code row} of that shape in input {@code i}, after the rows before it. */
  void open(int i, int row, Shape rowShape) {
    DataType type = specs[i].type();
    int end = Math.addExact(starts[i][row], Math.toIntExact(rowShape.elements()));
    if (type == DataType.STRING) {
      if (strings[i].length < end) {
        strings[i] = Arrays.copyOf(strings[i], Math.max(end, 2 * strings[i].length));
      }
    } else {
      int length = Math.toIntExact(type.bytes(end));
      ByteBuffer before = regions[i];
      if (before.capacity() < length) {
        int size = Math.max(length, (int) Math.min(2L * before.capacity(), Integer.MAX_VALUE - 8));
        ByteBuffer more = ByteBuffer.allocateDirect(size).order(ByteOrder.nativeOrder());
        more.put(0, before, 0, (int) type.bytes(starts[i][row]));
        regions[i] = more;
        views[i] = view(type, more);
      }
    }
    rowShapes[i] = rowShape;
    openShapes[i][row] = rowShape;
    starts[i][row + 1] = end;
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
