package dev.inflight.onnx;

import dev.inflight.tensor.DataType;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.ValueSpec;
import java.nio.ByteBuffer;

/** What fills the shorter rows of one input, as the bits of one element. */
record Padding(int width, long bits) {
  /**
   * {@return the padding of an input}
   *
   * @throws IllegalArgumentException if the input has no open dimension besides the rows, or its
   *     type cannot hold the value
   */
  static Padding of(ValueSpec spec, double value) {
    if (!spec.isBatched() || spec.rowShape().isFixed() || spec.type() == DataType.STRING) {
      throw new IllegalArgumentException(
          "padding: expected an input of numbers with rows and another open dimension, got "
              + spec);
    }
    return new Padding(spec.type().bits() / 8, bits(spec, value));
  }

  private static long bits(ValueSpec spec, double value) {
    long whole = (long) value;
    long low = -1L << (spec.type().bits() - 1);
    boolean fits =
        switch (spec.type()) {
          case FLOAT32, FLOAT64 -> true;
          case INT8, INT16, INT32, INT64 -> whole == value && whole >= low && whole <= ~low;
          case UINT8 -> whole == value && whole >= 0 && whole <= 0xFF;
          case BOOL -> value == 0 || value == 1;
          default -> value == 0;
        };
    if (!fits) {
      throw new IllegalArgumentException(
          "padding: expected a value that input " + spec + " can hold, got " + value);
    }
    return switch (spec.type()) {
      case FLOAT32 -> Float.floatToRawIntBits((float) value);
      case FLOAT64 -> Double.doubleToRawLongBits(value);
      default -> whole;
    };
  }

  void fill(ByteBuffer target) {
    for (int at = 0; at < target.capacity(); at += width) {
      switch (width) {
        case 1 -> target.put(at, (byte) bits);
        case 2 -> target.putShort(at, (short) bits);
        case 4 -> target.putInt(at, (int) bits);
        default -> target.putLong(at, bits);
      }
    }
  }

  /** Copies a row to the low corner of a place of at least its size. */
  static void copy(
      ByteBuffer from, int fromByte, Shape row, ByteBuffer to, int toByte, Shape place, int width) {
    if (row.equals(place)) {
      to.put(toByte, from, fromByte, (int) row.elements() * width);
      return;
    }
    int last = row.rank() - 1;
    int line = (int) row.dim(last);
    int lines = (int) row.elements() / line;
    for (int i = 0; i < lines; i++) {
      long offset = 0;
      long stride = place.dim(last);
      int rest = i;
      for (int axis = last - 1; axis >= 0; axis--) {
        offset += rest % row.dim(axis) * stride;
        rest /= (int) row.dim(axis);
        stride *= place.dim(axis);
      }
      to.put(toByte + (int) offset * width, from, fromByte + i * line * width, line * width);
    }
  }
}
