package dev.inflight.tensor;

import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;

/**
 * Where a codec writes one row, straight into the memory the runtime will read: nothing is copied
 * afterwards and nothing is allocated. Valid only during the call it was handed to.
 *
 * <p>Invariant: each required input is filled to its last element by <em>relative</em> puts. A row
 * that leaves an element unwritten is refused, because it would otherwise show the model what an
 * earlier row left there.
 *
 * <p>Every method throws {@link IllegalArgumentException}, and only that, for a row that does not
 * fit; it fails this row alone. {@code input} is the position in {@link Signature#inputs()}: look
 * it up once, when the codec is bound.
 */
public final class RowWriter {
  private final RowBuffers buffers;
  private final boolean[] written;
  private final int[] stringCursor;
  private int row;

  RowWriter(RowBuffers buffers) {
    this.buffers = buffers;
    written = new boolean[buffers.specs.length];
    stringCursor = new int[buffers.specs.length];
  }

  /** For backends: the next puts are for row {@code row}. */
  public void begin(int row) {
    this.row = row;
    for (int i = 0; i < written.length; i++) {
      written[i] = false;
    }
    buffers.begin(row);
  }

  /**
   * For backends: the row is complete.
   *
   * @throws IllegalArgumentException naming the input that was left out or half written
   */
  public void end() {
    for (int i = 0; i < written.length; i++) {
      ValueSpec spec = buffers.specs[i];
      if (!written[i]) {
        if (!spec.optional()) {
          throw new IllegalArgumentException("input " + spec + " was not written");
        }
        continue;
      }
      long elements = buffers.rowShapes[i].elements();
      long start = buffers.start(i, row);
      long at = spec.type() == DataType.STRING ? stringCursor[i] : buffers.views[i].position();
      if (at != start + elements) {
        throw new IllegalArgumentException(
            "input " + spec + ": expected " + elements + " elements, got " + (at - start));
      }
    }
  }

  boolean isWritten(int input) {
    return written[input];
  }

  /**
   * Says how large this row is in an input whose {@linkplain ValueSpec#rowShape() row shape} is
   * open; comes before its first put. Zero dimensions are the backend's to refuse.
   */
  public void dims(int input, long... dims) {
    Shape shape = Shape.of(dims);
    Shape declared = buffers.specs[input].rowShape();
    if (!shape.isFixed() || !declared.accepts(shape)) {
      throw new IllegalArgumentException(
          "input "
              + buffers.specs[input]
              + ": expected a row of shape "
              + declared
              + ", got "
              + shape);
    }
    if (!declared.isFixed()) {
      buffers.open(input, row, shape);
    }
  }

  /** {@return the row's part of a FLOAT32 input, to be filled by relative puts} */
  public FloatBuffer floats(int input) {
    return (FloatBuffer) view(input, buffers.specs[input].type() == DataType.FLOAT32, "FLOAT32");
  }

  /** {@return the row's part of a FLOAT64 input, to be filled by relative puts} */
  public DoubleBuffer doubles(int input) {
    return (DoubleBuffer) view(input, buffers.specs[input].type() == DataType.FLOAT64, "FLOAT64");
  }

  /** {@return the row's part of an INT64 or UINT64 input, to be filled by relative puts} */
  public LongBuffer longs(int input) {
    DataType type = buffers.specs[input].type();
    return (LongBuffer)
        view(input, type == DataType.INT64 || type == DataType.UINT64, "INT64 or UINT64");
  }

  /** {@return the row's part of an INT32 or UINT32 input, to be filled by relative puts} */
  public IntBuffer ints(int input) {
    DataType type = buffers.specs[input].type();
    return (IntBuffer)
        view(input, type == DataType.INT32 || type == DataType.UINT32, "INT32 or UINT32");
  }

  /** {@return the row's part of a 16-bit input as raw bits, to be filled by relative puts} */
  public ShortBuffer shorts(int input) {
    return (ShortBuffer) view(input, buffers.specs[input].type().bits() == 16, "a 16-bit type");
  }

  /**
   * {@return the row's part of a byte-wide input, to be filled by relative puts; BOOL is 0 or 1}
   */
  public ByteBuffer bytes(int input) {
    return (ByteBuffer) view(input, buffers.specs[input].type().bits() == 8, "an 8-bit type");
  }

  /** Appends one string to a STRING input. */
  public void put(int input, String value) {
    ValueSpec spec = buffers.specs[input];
    if (spec.type() != DataType.STRING) {
      throw wrong(spec, "STRING");
    }
    if (value == null) {
      throw new IllegalArgumentException("input " + spec + ": a string is null");
    }
    long elements = rowElements(input);
    if (!written[input]) {
      written[input] = true;
      stringCursor[input] = buffers.start(input, row);
    }
    if (stringCursor[input] >= buffers.start(input, row) + elements) {
      throw new IllegalArgumentException(
          "input " + spec + ": more than " + elements + " strings in a row");
    }
    buffers.strings[input][stringCursor[input]++] = value;
  }

  /**
   * Appends one number to a numeric input.
   *
   * @throws IllegalArgumentException if an integer input cannot hold the value, or the row is full;
   *     floating inputs round to the nearest
   */
  public void put(int input, double value) {
    switch (buffers.specs[input].type()) {
      case FLOAT32 -> room(floats(input), input).put((float) value);
      case FLOAT64 -> room(doubles(input), input).put(value);
      default -> {
        long whole = (long) value;
        if (whole != value || whole == Long.MAX_VALUE) {
          throw new IllegalArgumentException(
              "input " + buffers.specs[input] + ": not a whole number in range");
        }
        put(input, whole);
      }
    }
  }

  /**
   * Appends one whole number to a numeric input.
   *
   * @throws IllegalArgumentException if the input cannot hold exactly this value, or the row is
   *     full
   */
  public void put(int input, long value) {
    switch (buffers.specs[input].type()) {
      case FLOAT32 ->
          room(floats(input), input).put((float) exact(input, value, back((float) value)));
      case FLOAT64 ->
          room(doubles(input), input).put((double) exact(input, value, back((double) value)));
      case INT64 -> room(longs(input), input).put(value);
      case UINT64 -> room(longs(input), input).put(between(input, value, 0, Long.MAX_VALUE));
      case INT32 -> room(ints(input), input).put((int) exact(input, value, (long) (int) value));
      case UINT32 -> room(ints(input), input).put((int) between(input, value, 0, 0xFFFF_FFFFL));
      case INT16 -> room(shorts(input), input).put((short) exact(input, value, (short) value));
      case UINT16 -> room(shorts(input), input).put((short) between(input, value, 0, 0xFFFF));
      case INT8 -> room(bytes(input), input).put((byte) exact(input, value, (byte) value));
      case UINT8 -> room(bytes(input), input).put((byte) between(input, value, 0, 0xFF));
      case BOOL -> room(bytes(input), input).put((byte) between(input, value, 0, 1));
      default -> throw wrong(buffers.specs[input], "a number type");
    }
  }

  private <B extends Buffer> B room(B view, int input) {
    if (!view.hasRemaining()) {
      throw new IllegalArgumentException(
          "input "
              + buffers.specs[input]
              + ": more than "
              + rowElements(input)
              + " elements in a row");
    }
    return view;
  }

  private long exact(int input, long value, long back) {
    if (value != back) {
      throw new IllegalArgumentException(
          "input " + buffers.specs[input] + ": a whole number does not fit the type");
    }
    return value;
  }

  /** 2^63 is not a {@code long}, though a cast makes it {@link Long#MAX_VALUE}. */
  private static long back(double value) {
    return value == 0x1p63 ? Long.MIN_VALUE : (long) value;
  }

  private long between(int input, long value, long low, long high) {
    return exact(input, value, value < low || value > high ? ~value : value);
  }

  /**
   * The cached view of the input: at the row's start on the first use in a row, where the last put
   * left it afterwards.
   */
  private Buffer view(int input, boolean fits, String expected) {
    if (!fits) {
      throw wrong(buffers.specs[input], expected);
    }
    if (!written[input]) {
      int elements = (int) rowElements(input);
      Buffer view = buffers.views[input];
      int start = buffers.start(input, row);
      view.limit(start + elements).position(start);
      written[input] = true;
    }
    return buffers.views[input];
  }

  private long rowElements(int input) {
    Shape shape = buffers.rowShapes[input];
    if (!shape.isFixed()) {
      throw new IllegalArgumentException(
          "input "
              + buffers.specs[input]
              + ": the row's size is open, call dims(input, ...) first");
    }
    return shape.elements();
  }

  private static IllegalArgumentException wrong(ValueSpec spec, String expected) {
    return new IllegalArgumentException("input " + spec + ": the codec writes " + expected);
  }
}
