package dev.inflight.onnx;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Reads the fields of one protobuf message in place.
 *
 * <p>Invariant: the position never passes the limit; a length that does is an {@link
 * IllegalArgumentException}, like every other malformed byte.
 */
final class Wire {
  private final ByteBuffer bytes;
  private int field;
  private int type;

  Wire(ByteBuffer bytes) {
    this.bytes = bytes.slice().order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Moves to the next field; false at the end of the message. */
  boolean next() {
    if (!bytes.hasRemaining()) {
      return false;
    }
    long tag = varint();
    field = (int) (tag >>> 3);
    type = (int) (tag & 7);
    if (field <= 0 || tag >>> 32 != 0) {
      throw malformed("field number " + (tag >>> 3));
    }
    return true;
  }

  int field() {
    return field;
  }

  /** The value of a varint field. */
  long number() {
    require(0);
    return varint();
  }

  String text() {
    ByteBuffer part = part();
    byte[] copy = new byte[part.remaining()];
    part.get(copy);
    return new String(copy, StandardCharsets.UTF_8);
  }

  Wire message() {
    return new Wire(part());
  }

  /** A length-delimited field, not copied. */
  ByteBuffer part() {
    require(2);
    return take(varint());
  }

  /** Adds an integer field's numbers, packed or not. */
  void numbers(Numbers target) {
    if (!isPacked()) {
      target.add(number());
      return;
    }
    Wire packed = message();
    while (packed.bytes.hasRemaining()) {
      target.add(packed.varint());
    }
  }

  /** Adds a float field's numbers, packed or not. */
  void floats(Numbers target) {
    ByteBuffer part = fixed(5, 4);
    while (part.hasRemaining()) {
      target.add(part.getFloat());
    }
  }

  /** Adds a double field's numbers, packed or not. */
  void doubles(Numbers target) {
    ByteBuffer part = fixed(1, 8);
    while (part.hasRemaining()) {
      target.add(part.getDouble());
    }
  }

  private ByteBuffer fixed(int single, int size) {
    if (!isPacked()) {
      require(single);
    }
    ByteBuffer part = isPacked() ? part() : take(size);
    if (part.remaining() % size != 0) {
      throw malformed("a list of " + part.remaining() + " bytes");
    }
    return part.order(ByteOrder.LITTLE_ENDIAN);
  }

  boolean isPacked() {
    return type == 2;
  }

  void skip() {
    switch (type) {
      case 0 -> varint();
      case 1 -> take(8);
      case 2 -> take(varint());
      case 5 -> take(4);
      default -> throw malformed("wire type " + type);
    }
  }

  private ByteBuffer take(long length) {
    if (length < 0 || length > bytes.remaining()) {
      throw malformed("length " + length + " with " + bytes.remaining() + " bytes left");
    }
    ByteBuffer part = bytes.slice(bytes.position(), (int) length);
    bytes.position(bytes.position() + (int) length);
    return part;
  }

  private long varint() {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      if (!bytes.hasRemaining()) {
        throw malformed("a number that ends early");
      }
      byte next = bytes.get();
      value |= (long) (next & 0x7F) << shift;
      if (next >= 0) {
        return value;
      }
    }
    throw malformed("a number of more than 10 bytes");
  }

  private void require(int expected) {
    if (type != expected) {
      throw malformed("wire type " + type + " in field " + field);
    }
  }

  private IllegalArgumentException malformed(String what) {
    return new IllegalArgumentException(
        "not an ONNX model: " + what + " at byte " + bytes.position());
  }

  /** A list of numbers that are all integers or all floating-point; some have millions. */
  static final class Numbers {
    private long[] bits = new long[4];
    private int count;

    int count() {
      return count;
    }

    void add(long value) {
      if (count == bits.length) {
        bits = Arrays.copyOf(bits, 2 * count);
      }
      bits[count++] = value;
    }

    void add(double value) {
      add(Double.doubleToRawLongBits(value));
    }

    long[] longs() {
      return Arrays.copyOf(bits, count);
    }

    double[] doubles() {
      return Arrays.stream(bits, 0, count).mapToDouble(Double::longBitsToDouble).toArray();
    }
  }
}
