package dev.inflight.tensor;

/**
 * The element types of ONNX, which cover every runtime we know. Types that Java has no primitive
 * for are carried as raw bits: unsigned integers in the signed type of the same width, {@code
 * FLOAT16}/{@code BFLOAT16} in a {@code short}, the float8 family in a {@code byte}, 4-bit types
 * two to a byte (first element in the low half).
 */
public enum DataType {
  /** IEEE single precision, a Java {@code float}. */
  FLOAT32(32),
  /** IEEE double precision, a Java {@code double}. */
  FLOAT64(64),
  /** IEEE half precision as raw bits. */
  FLOAT16(16),
  /** The upper half of a {@code float} as raw bits. */
  BFLOAT16(16),
  /** Signed byte. */
  INT8(8),
  /** Signed 16-bit integer. */
  INT16(16),
  /** Signed 32-bit integer. */
  INT32(32),
  /** Signed 64-bit integer. */
  INT64(64),
  /** Unsigned byte in a {@code byte}. */
  UINT8(8),
  /** Unsigned 16-bit integer in a {@code short}. */
  UINT16(16),
  /** Unsigned 32-bit integer in an {@code int}. */
  UINT32(32),
  /** Unsigned 64-bit integer in a {@code long}. */
  UINT64(64),
  /** One byte an element, 0 or 1. */
  BOOL(8),
  /** Text; such a tensor has no bytes, its elements are {@link String}s. */
  STRING(0),
  /** 8-bit float, 4 exponent bits, no infinities. */
  FLOAT8E4M3FN(8),
  /** 8-bit float, 4 exponent bits, no infinities, no negative zero. */
  FLOAT8E4M3FNUZ(8),
  /** 8-bit float, 5 exponent bits. */
  FLOAT8E5M2(8),
  /** 8-bit float, 5 exponent bits, no negative zero. */
  FLOAT8E5M2FNUZ(8),
  /** Unsigned 4-bit integer, two to a byte. */
  UINT4(4),
  /** Signed 4-bit integer, two to a byte. */
  INT4(4),
  /** 4-bit float, two to a byte. */
  FLOAT4E2M1(4),
  /** Two {@code float}s, real part first. */
  COMPLEX64(64),
  /** Two {@code double}s, real part first. */
  COMPLEX128(128);

  private final int bits;

  DataType(int bits) {
    this.bits = bits;
  }

  /** {@return the width of one element in bits; 0 for {@link #STRING}} */
  public int bits() {
    return bits;
  }

  /**
   * {@return the bytes that hold {@code elements} elements, sub-byte types rounded up; 0 for
   * strings}
   *
   * @throws IllegalArgumentException if that does not fit a {@code long}
   */
  public long bytes(long elements) {
    if (bits >= 8 || elements == 0) {
      int size = bits / 8;
      if (size != 0 && elements > Long.MAX_VALUE / size) {
        throw new IllegalArgumentException(elements + " elements of " + this + ": too many bytes");
      }
      return elements * size;
    }
    return bits == 0 ? 0 : elements / 2 + elements % 2;
  }
}
