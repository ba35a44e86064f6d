package dev.inflight.tensor;

import java.util.Arrays;

/**
 * The dimensions of a value. A tensor's shape is fixed; a {@linkplain ValueSpec declared} one may
 * leave dimensions open ({@link #OPEN}) or leave out even the rank ({@link #UNDECLARED}).
 *
 * <p>Invariant: every dimension is {@link #OPEN} or at least zero, and the product of the fixed
 * ones fits a {@code long}.
 */
public final class Shape {
  /** A dimension that the declaration leaves open. */
  public static final long OPEN = -1;

  /** No dimensions: one element. */
  public static final Shape SCALAR = new Shape(new long[0], true, 1);

  /** The shape of a value whose model does not even say how many dimensions it has. */
  public static final Shape UNDECLARED = new Shape(new long[0], false, OPEN);

  private final long[] dims;
  private final boolean declared;
  private final long elements;

  private Shape(long[] dims, boolean declared, long elements) {
    this.dims = dims;
    this.declared = declared;
    this.elements = elements;
  }

  /**
   * {@return the shape with these dimensions, outermost first}
   *
   * @throws IllegalArgumentException if a dimension is negative but not {@link #OPEN}, or if the
   *     number of elements does not fit a {@code long}
   */
  public static Shape of(long... dims) {
    if (dims.length == 0) {
      return SCALAR;
    }
    long[] copy = dims.clone();
    return new Shape(copy, true, count(copy));
  }

  private static long count(long[] dims) {
    long product = 1;
    boolean open = false;
    boolean empty = false;
    for (long dim : dims) {
      if (dim < OPEN) {
        throw new IllegalArgumentException(
            "shape " + Arrays.toString(dims) + ": dimension " + dim + " is negative");
      }
      open |= dim == OPEN;
      empty |= dim == 0;
    }
    for (long dim : dims) {
      if (dim == OPEN || dim == 0) {
        continue;
      }
      // Checked even where another dimension is zero: {2^40, 2^40, 0} is no honest shape.
      long high = Math.multiplyHigh(product, dim);
      product *= dim;
      if (high != 0 || product < 0) {
        throw new IllegalArgumentException(
            "shape " + Arrays.toString(dims) + ": number of elements overflows");
      }
    }
    return open ? OPEN : empty ? 0 : product;
  }

  /** {@return whether the number of dimensions is known; only {@link #UNDECLARED} says no} */
  public boolean isDeclared() {
    return declared;
  }

  /** {@return whether every dimension is known} */
  public boolean isFixed() {
    return elements != OPEN;
  }

  /** {@return the number of dimensions, 0 for a scalar} */
  public int rank() {
    return dims.length;
  }

  /** {@return dimension {@code axis}, counted from the outermost, or {@link #OPEN}} */
  public long dim(int axis) {
    return dims[axis];
  }

  /** {@return a copy of the dimensions, outermost first} */
  public long[] dims() {
    return dims.clone();
  }

  /**
   * {@return the number of elements}
   *
   * @throws IllegalStateException if the shape is not {@linkplain #isFixed() fixed}
   */
  public long elements() {
    if (elements == OPEN) {
      throw new IllegalStateException("shape " + this + " has open dimensions");
    }
    return elements;
  }

  /**
   * {@return whether a value of the fixed shape {@code actual} may stand where this shape is
   * declared}
   */
  public boolean accepts(Shape actual) {
    if (!declared) {
      return true;
    }
    if (!actual.declared || dims.length != actual.dims.length) {
      return false;
    }
    for (int i = 0; i < dims.length; i++) {
      if (dims[i] != OPEN && dims[i] != actual.dims[i]) {
        return false;
      }
    }
    return true;
  }

  /** {@return whether a dimension is zero} */
  public boolean isEmpty() {
    return elements == 0;
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof Shape shape
        && declared == shape.declared
        && Arrays.equals(dims, shape.dims);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(dims) * 31 + Boolean.hashCode(declared);
  }

  /** {@return for example {@code [?, 28, 28]}, or {@code undeclared}} */
  @Override
  public String toString() {
    if (!declared) {
      return "undeclared";
    }
    StringBuilder text = new StringBuilder("[");
    for (int i = 0; i < dims.length; i++) {
      text.append(i == 0 ? "" : ", ").append(dims[i] == OPEN ? "?" : Long.toString(dims[i]));
    }
    return text.append(']').toString();
  }
}
