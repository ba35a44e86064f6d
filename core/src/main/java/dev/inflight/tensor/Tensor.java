package dev.inflight.tensor;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Objects;

/**
 * A dense array of one {@link DataType}: a view over a direct or heap buffer, row-major, in native
 * byte order. It holds no native resource and is never closed.
 *
 * <p>Invariant: the shape is fixed, and the view holds exactly {@code type.bytes(shape.elements())}
 * bytes (a string tensor holds exactly {@code shape.elements()} strings, none null, and no bytes).
 *
 * <p>{@code of(values, dims)} and {@link #copyOf} copy; {@link #over} does not, and then the caller
 * must not write to the memory before the call that uses the tensor has answered.
 */
public final class Tensor implements ModelValue {
  private static final ByteBuffer NO_BYTES = ByteBuffer.allocate(0);
  private static final String[] NO_STRINGS = {};

  private final DataType type;
  private final Shape shape;
  private final ByteBuffer bytes;
  private final String[] strings;

  private Tensor(DataType type, Shape shape, ByteBuffer bytes, String[] strings) {
    this.type = type;
    this.shape = shape;
    this.bytes = bytes;
    this.strings = strings;
  }

  /**
   * {@return a tensor over the remaining bytes of {@code bytes}, not copied}
   *
   * @throws IllegalArgumentException if the type is {@link DataType#STRING}, the shape has open
   *     dimensions, the remaining bytes are not what type and shape need, or the buffer is not in
   *     {@linkplain ByteOrder#nativeOrder() native order} (a buffer of the other order would be
   *     read as silently wrong numbers)
   */
  public static Tensor over(DataType type, Shape shape, ByteBuffer bytes) {
    Objects.requireNonNull(type, "type");
    if (type == DataType.STRING) {
      throw new IllegalArgumentException(
          "tensor: strings have no bytes, use Tensor.of(String[], dims)");
    }
    if (bytes.order() != ByteOrder.nativeOrder() && type.bits() > 8) {
      throw new IllegalArgumentException(
          "tensor "
              + type
              + shape
              + ": expected a buffer in "
              + ByteOrder.nativeOrder()
              + ", got "
              + bytes.order());
    }
    requireFixed(type, shape);
    long need = type.bytes(shape.elements());
    if (need != bytes.remaining()) {
      throw new IllegalArgumentException(
          "tensor " + type + shape + ": expected " + need + " bytes, got " + bytes.remaining());
    }
    return new Tensor(type, shape, bytes.slice().order(ByteOrder.nativeOrder()), NO_STRINGS);
  }

  /**
   * {@return a {@link DataType#FLOAT32} tensor with a copy of the values; no dimensions means one
   * dimension}
   */
  public static Tensor of(float[] values, long... dims) {
    Shape shape = shape(values.length, dims);
    ByteBuffer bytes = heap(DataType.FLOAT32, shape);
    bytes.asFloatBuffer().put(values);
    return new Tensor(DataType.FLOAT32, shape, bytes, NO_STRINGS);
  }

  /**
   * {@return a {@link DataType#FLOAT64} tensor with a copy of the values; no dimensions means one
   * dimension}
   */
  public static Tensor of(double[] values, long... dims) {
    Shape shape = shape(values.length, dims);
    ByteBuffer bytes = heap(DataType.FLOAT64, shape);
    bytes.asDoubleBuffer().put(values);
    return new Tensor(DataType.FLOAT64, shape, bytes, NO_STRINGS);
  }

  /**
   * {@return an {@link DataType#INT64} tensor with a copy of the values; no dimensions means one
   * dimension}
   */
  public static Tensor of(long[] values, long... dims) {
    Shape shape = shape(values.length, dims);
    ByteBuffer bytes = heap(DataType.INT64, shape);
    bytes.asLongBuffer().put(values);
    return new Tensor(DataType.INT64, shape, bytes, NO_STRINGS);
  }

  /**
   * {@return an {@link DataType#INT32} tensor with a copy of the values; no dimensions means one
   * dimension}
   */
  public static Tensor of(int[] values, long... dims) {
    Shape shape = shape(values.length, dims);
    ByteBuffer bytes = heap(DataType.INT32, shape);
    bytes.asIntBuffer().put(values);
    return new Tensor(DataType.INT32, shape, bytes, NO_STRINGS);
  }

  /**
   * {@return a {@link DataType#BOOL} tensor with a copy of the values; no dimensions means one
   * dimension}
   */
  public static Tensor of(boolean[] values, long... dims) {
    Shape shape = shape(values.length, dims);
    ByteBuffer bytes = heap(DataType.BOOL, shape);
    for (int i = 0; i < values.length; i++) {
      bytes.put(i, values[i] ? (byte) 1 : 0);
    }
    return new Tensor(DataType.BOOL, shape, bytes, NO_STRINGS);
  }

  /**
   * {@return a {@link DataType#STRING} tensor with a copy of the values; no dimensions means one
   * dimension}
   *
   * @throws IllegalArgumentException if a string is null or the shape does not fit the number of
   *     values
   */
  public static Tensor of(String[] values, long... dims) {
    Shape shape = shape(values.length, dims);
    String[] copy = values.clone();
    for (int i = 0; i < copy.length; i++) {
      if (copy[i] == null) {
        throw new IllegalArgumentException("tensor STRING" + shape + ": element " + i + " is null");
      }
    }
    return new Tensor(DataType.STRING, shape, NO_BYTES, copy);
  }

  /**
   * {@return a tensor with a copy of the raw bytes of {@code source}, in native order, from {@code
   * offset} on, whatever its position}
   *
   * @throws IllegalArgumentException if the type is {@link DataType#STRING} or the shape has open
   *     dimensions
   * @throws IndexOutOfBoundsException if {@code source} has not as many bytes
   */
  public static Tensor copyOf(DataType type, Shape shape, ByteBuffer source, int offset) {
    if (type == DataType.STRING) {
      throw new IllegalArgumentException(
          "tensor: strings have no bytes, use Tensor.of(String[], dims)");
    }
    requireFixed(type, shape);
    ByteBuffer bytes = heap(type, shape);
    bytes.put(0, source, offset, bytes.capacity());
    return new Tensor(type, shape, bytes, NO_STRINGS);
  }

  /** {@return a {@link DataType#STRING} tensor without dimensions} */
  public static Tensor scalar(String value) {
    return new Tensor(
        DataType.STRING,
        Shape.SCALAR,
        NO_BYTES,
        new String[] {Objects.requireNonNull(value, "value")});
  }

  private static ByteBuffer heap(DataType type, Shape shape) {
    return ByteBuffer.allocate(Math.toIntExact(type.bytes(shape.elements())))
        .order(ByteOrder.nativeOrder());
  }

  private static Shape shape(int length, long[] dims) {
    Shape shape = dims.length == 0 ? Shape.of(length) : Shape.of(dims);
    if (!shape.isFixed() || shape.elements() != length) {
      throw new IllegalArgumentException("tensor " + shape + ": got " + length + " values");
    }
    return shape;
  }

  private static void requireFixed(DataType type, Shape shape) {
    if (!shape.isFixed()) {
      throw new IllegalArgumentException("tensor " + type + shape + ": the shape must be fixed");
    }
  }

  /** {@return the type of every element} */
  public DataType type() {
    return type;
  }

  /** {@return the fixed shape} */
  public Shape shape() {
    return shape;
  }

  /** {@return a read-only view of the raw bytes in native order, position 0; empty for strings} */
  public ByteBuffer bytes() {
    return bytes.asReadOnlyBuffer().order(ByteOrder.nativeOrder());
  }

  /**
   * Copies the raw bytes to {@code target} at its position, which moves on.
   *
   * @throws java.nio.BufferOverflowException if they do not fit
   */
  public void copyTo(ByteBuffer target) {
    int length = bytes.capacity();
    target.put(target.position(), bytes, 0, length).position(target.position() + length);
  }

  /**
   * {@return a read-only view of the elements}
   *
   * @throws IllegalStateException if the type is not {@link DataType#FLOAT32}
   */
  public FloatBuffer floats() {
    require(type == DataType.FLOAT32, "FLOAT32");
    return bytes().asFloatBuffer();
  }

  /**
   * {@return a read-only view of the elements}
   *
   * @throws IllegalStateException if the type is not {@link DataType#FLOAT64}
   */
  public DoubleBuffer doubles() {
    require(type == DataType.FLOAT64, "FLOAT64");
    return bytes().asDoubleBuffer();
  }

  /**
   * {@return a read-only view of the elements, unsigned ones as raw bits}
   *
   * @throws IllegalStateException if the type has no 64-bit integer elements
   */
  public LongBuffer longs() {
    require(type == DataType.INT64 || type == DataType.UINT64, "INT64 or UINT64");
    return bytes().asLongBuffer();
  }

  /**
   * {@return a read-only view of the elements, unsigned ones as raw bits}
   *
   * @throws IllegalStateException if the type has no 32-bit integer elements
   */
  public IntBuffer ints() {
    require(type == DataType.INT32 || type == DataType.UINT32, "INT32 or UINT32");
    return bytes().asIntBuffer();
  }

  /**
   * {@return a read-only view of the elements as raw bits}
   *
   * @throws IllegalStateException if the elements are not 16 bits wide
   */
  public ShortBuffer shorts() {
    require(type.bits() == 16, "a 16-bit type");
    return bytes().asShortBuffer();
  }

  /**
   * {@return the elements of a string tensor, row-major}
   *
   * @throws IllegalStateException if the type is not {@link DataType#STRING}
   */
  public List<String> strings() {
    require(type == DataType.STRING, "STRING");
    return Collections.unmodifiableList(Arrays.asList(strings));
  }

  private void require(boolean fits, String expected) {
    if (!fits) {
      throw new IllegalStateException("tensor " + type + shape + ": expected " + expected);
    }
  }

  /** Two tensors are equal when type, shape and every bit of every element are. */
  @Override
  public boolean equals(Object other) {
    return other instanceof Tensor tensor
        && type == tensor.type
        && shape.equals(tensor.shape)
        && bytes.equals(tensor.bytes)
        && Arrays.equals(strings, tensor.strings);
  }

  @Override
  public int hashCode() {
    return Objects.hash(type, shape, bytes, Arrays.hashCode(strings));
  }

  /** {@return type and shape, never the elements} */
  @Override
  public String toString() {
    return type + shape.toString();
  }
}
