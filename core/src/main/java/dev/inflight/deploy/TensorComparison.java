package dev.inflight.deploy;

import dev.inflight.deploy.Tolerance.Difference;
import dev.inflight.deploy.Tolerance.Difference.Kind;
import dev.inflight.tensor.DataType;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.Tensor;
import java.nio.ByteBuffer;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** Compares two tensors, element by element in their own type. */
final class TensorComparison {
  /** One element of either; null means the same. */
  @FunctionalInterface
  private interface Element {
    @Nullable Difference at(int index);
  }

  private final Closeness closeness;

  TensorComparison(Closeness closeness) {
    this.closeness = closeness;
  }

  @Nullable Difference difference(Tensor expected, Tensor got) {
    if (expected.type() != got.type()) {
      return new Difference(Kind.TYPE, 0);
    }
    Shape shape = expected.shape();
    if (!shape.equals(got.shape())) {
      return Comparison.shape(shape.elements(), got.shape().elements());
    }
    if (expected.equals(got)) {
      return null;
    }
    int size = Math.toIntExact(shape.elements());
    Element elements = elements(expected, got);
    for (int i = 0; i < size; i++) {
      Difference found = elements.at(i);
      if (found != null) {
        return found.in(path(shape, shape.rank(), i));
      }
    }
    return closeness.ranks() ? order(expected, got) : null;
  }

  private Element elements(Tensor expected, Tensor got) {
    ByteBuffer e = expected.bytes();
    ByteBuffer g = got.bytes();
    switch (expected.type()) {
      case FLOAT32 -> {
        FloatBuffer a = e.asFloatBuffer();
        FloatBuffer b = g.asFloatBuffer();
        return i -> closeness.floats(a.get(i), b.get(i));
      }
      case FLOAT64 -> {
        DoubleBuffer a = e.asDoubleBuffer();
        DoubleBuffer b = g.asDoubleBuffer();
        return i -> closeness.doubles(a.get(i), b.get(i));
      }
      case COMPLEX64 -> {
        FloatBuffer a = e.asFloatBuffer();
        FloatBuffer b = g.asFloatBuffer();
        return i ->
            first(
                closeness.floats(a.get(2 * i), b.get(2 * i)),
                closeness.floats(a.get(2 * i + 1), b.get(2 * i + 1)));
      }
      case COMPLEX128 -> {
        DoubleBuffer a = e.asDoubleBuffer();
        DoubleBuffer b = g.asDoubleBuffer();
        return i ->
            first(
                closeness.doubles(a.get(2 * i), b.get(2 * i)),
                closeness.doubles(a.get(2 * i + 1), b.get(2 * i + 1)));
      }
      case FLOAT16, BFLOAT16 -> {
        boolean brain = expected.type() == DataType.BFLOAT16;
        ShortBuffer a = e.asShortBuffer();
        ShortBuffer b = g.asShortBuffer();
        return i -> closeness.halves(a.get(i), b.get(i), brain);
      }
      case INT64 -> {
        LongBuffer a = e.asLongBuffer();
        LongBuffer b = g.asLongBuffer();
        return i -> closeness.integers(a.get(i), b.get(i));
      }
      case UINT64 -> {
        LongBuffer a = e.asLongBuffer();
        LongBuffer b = g.asLongBuffer();
        return i -> closeness.unsigned(a.get(i), b.get(i));
      }
      case INT32, UINT32 -> {
        long mask = expected.type() == DataType.INT32 ? -1 : 0xffff_ffffL;
        IntBuffer a = e.asIntBuffer();
        IntBuffer b = g.asIntBuffer();
        return i -> closeness.integers(a.get(i) & mask, b.get(i) & mask);
      }
      case INT16, UINT16 -> {
        long mask = expected.type() == DataType.INT16 ? -1 : 0xffff;
        ShortBuffer a = e.asShortBuffer();
        ShortBuffer b = g.asShortBuffer();
        return i -> closeness.integers(a.get(i) & mask, b.get(i) & mask);
      }
      case INT8, UINT8 -> {
        long mask = expected.type() == DataType.INT8 ? -1 : 0xff;
        return i -> closeness.integers(e.get(i) & mask, g.get(i) & mask);
      }
      case INT4 -> {
        return i -> closeness.integers(nibble(e, i) << 28 >> 28, nibble(g, i) << 28 >> 28);
      }
      case UINT4 -> {
        return i -> closeness.integers(nibble(e, i), nibble(g, i));
      }
      case FLOAT4E2M1 -> {
        return i -> bits(Kind.NUMBER, nibble(e, i) == nibble(g, i));
      }
      case FLOAT8E4M3FN, FLOAT8E4M3FNUZ, FLOAT8E5M2, FLOAT8E5M2FNUZ -> {
        return i -> bits(Kind.NUMBER, e.get(i) == g.get(i));
      }
      case BOOL -> {
        return i -> bits(Kind.LABEL, e.get(i) == g.get(i));
      }
      case STRING -> {
        List<String> a = expected.strings();
        List<String> b = got.strings();
        return i -> bits(Kind.LABEL, a.get(i).equals(b.get(i)));
      }
    }
    throw new AssertionError(expected.type());
  }

  private static @Nullable Difference bits(Kind kind, boolean same) {
    return same ? null : new Difference(kind, 0);
  }

  private static @Nullable Difference first(@Nullable Difference one, @Nullable Difference other) {
    return one == null ? other : one;
  }

  private static int nibble(ByteBuffer bytes, int index) {
    return (bytes.get(index / 2) >> (index % 2 * 4)) & 0xf;
  }

  /** Every row along the last dimension has an order of its own. */
  private @Nullable Difference order(Tensor expected, Tensor got) {
    Shape shape = expected.shape();
    IntToDoubleFunction e = scores(expected);
    IntToDoubleFunction g = scores(got);
    if (e == null || g == null || shape.rank() == 0 || shape.elements() == 0) {
      return null;
    }
    int width = Math.toIntExact(shape.dim(shape.rank() - 1));
    int rows = Math.toIntExact(shape.elements() / width);
    for (int row = 0; row < rows; row++) {
      int from = row * width;
      Difference found =
          Ranking.order(
              closeness.count(),
              width,
              i -> e.applyAsDouble(from + i),
              i -> g.applyAsDouble(from + i));
      if (found != null) {
        return found.in(path(shape, shape.rank() - 1, row));
      }
    }
    return null;
  }

  /** The elements of a tensor of floats that Java can read; null of others. */
  static @Nullable IntToDoubleFunction scores(Tensor tensor) {
    return switch (tensor.type()) {
      case FLOAT32 -> tensor.floats()::get;
      case FLOAT64 -> tensor.doubles()::get;
      case FLOAT16, BFLOAT16 -> {
        boolean brain = tensor.type() == DataType.BFLOAT16;
        ShortBuffer bits = tensor.shorts();
        yield i -> Closeness.half(bits.get(i), brain);
      }
      default -> null;
    };
  }

  /** Of the element at {@code index}, row-major, of the first {@code rank} dimensions. */
  private static String path(Shape shape, int rank, int index) {
    String path = "";
    long rest = index;
    for (int d = rank - 1; d >= 0; d--) {
      path = "[" + rest % shape.dim(d) + "]" + path;
      rest /= shape.dim(d);
    }
    return path;
  }
}
