package dev.inflight.onnx;

import static org.assertj.core.api.Assertions.fail;

import dev.inflight.tensor.DataType;
import dev.inflight.tensor.Tensor;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/** Compares values as the ONNX conformance suite does; whole numbers and text exactly. */
final class Closeness {
  private Closeness() {}

  static void same(String what, Object actual, Object expected) {
    if (!actual.equals(expected)) {
      fail("%s: expected %s, got %s", what, expected, actual);
    }
  }

  static void scalars(
      String what, @Nullable Object actual, Object expected, double rtol, double atol) {
    if (expected instanceof Number number
        && !(expected instanceof Long)
        && actual instanceof Number got) {
      close(what, got.doubleValue(), number.doubleValue(), rtol, atol);
    } else if (!expected.equals(actual)) {
      fail("%s: expected %s, got %s", what, expected, actual);
    }
  }

  static void tensors(String what, Tensor actual, Tensor expected, double rtol, double atol) {
    same(what, actual.toString(), expected.toString());
    boolean exact = rtol == 0 && atol == 0;
    if (exact || !isFloating(expected.type())) {
      same(what + " strings or bytes", actual, expected);
      return;
    }
    ByteBuffer got = actual.bytes();
    ByteBuffer want = expected.bytes();
    boolean complex =
        expected.type() == DataType.COMPLEX64 || expected.type() == DataType.COMPLEX128;
    long n = expected.shape().elements() * (complex ? 2 : 1);
    for (int i = 0; i < n; i++) {
      close(
          what + " element " + i,
          number(expected.type(), got, i),
          number(expected.type(), want, i),
          rtol,
          atol);
    }
  }

  private static boolean isFloating(DataType type) {
    return switch (type) {
      case FLOAT32, FLOAT64, FLOAT16, BFLOAT16, COMPLEX64, COMPLEX128 -> true;
      default -> false;
    };
  }

  private static double number(DataType type, ByteBuffer bytes, int i) {
    return switch (type) {
      case FLOAT64, COMPLEX128 -> bytes.getDouble(8 * i);
      case FLOAT16 -> half(bytes.getShort(2 * i));
      case BFLOAT16 -> Float.intBitsToFloat(bytes.getShort(2 * i) << 16);
      default -> bytes.getFloat(4 * i);
    };
  }

  static double half(short bits) {
    int exponent = bits >> 10 & 0x1F;
    int fraction = bits & 0x3FF;
    double size =
        exponent == 31
            ? fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN
            : exponent == 0
                ? Math.scalb((double) fraction, -24)
                : Math.scalb(1024.0 + fraction, exponent - 25);
    return bits < 0 ? -size : size;
  }

  private static void close(String what, double got, double want, double rtol, double atol) {
    boolean equal = Double.compare(got, want) == 0 || got == want;
    if (!equal && !(Math.abs(got - want) <= atol + rtol * Math.abs(want))) {
      fail("%s: expected %s, got %s (rtol %s, atol %s)", what, want, got, rtol, atol);
    }
  }
}
