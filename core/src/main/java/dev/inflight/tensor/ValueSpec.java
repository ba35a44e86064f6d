package dev.inflight.tensor;

import java.util.List;
import java.util.Objects;

/**
 * What a model declares about one input or output.
 *
 * @param name as in the model
 * @param kind tensor, sequence, map, or something the runtime can describe but not carry
 * @param type of the elements (of a map: of its values)
 * @param shape of a tensor; dimension 0 is the row dimension where it is {@link Shape#OPEN}
 * @param optional whether a row may leave this input out
 * @param columns names of the last dimension's entries (feature names, class names) where the model
 *     or its publisher gives them, else empty
 */
public record ValueSpec(
    String name, Kind kind, DataType type, Shape shape, boolean optional, List<String> columns) {

  /** What stands under a name. */
  public enum Kind {
    /** A {@link Tensor}. */
    TENSOR,
    /** A {@link SequenceValue}. */
    SEQUENCE,
    /** A {@link MapValue}. */
    MAP,
    /**
     * Declared by the model, but no value of ours can be given or received, such as ONNX {@code
     * optional} types.
     */
    OTHER
  }

  /** Copies the columns. */
  public ValueSpec {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(kind, "kind");
    Objects.requireNonNull(type, "type");
    Objects.requireNonNull(shape, "shape");
    columns = List.copyOf(columns);
  }

  /** {@return a required tensor without column names} */
  public static ValueSpec tensor(String name, DataType type, Shape shape) {
    return new ValueSpec(name, Kind.TENSOR, type, shape, false, List.of());
  }

  /** {@return this with column names} */
  public ValueSpec withColumns(List<String> columns) {
    return new ValueSpec(name, kind, type, shape, optional, columns);
  }

  /** {@return this, optional or not} */
  public ValueSpec withOptional(boolean optional) {
    return new ValueSpec(name, kind, type, shape, optional, columns);
  }

  /** {@return whether dimension 0 is left open, so that rows can share a run} */
  public boolean isBatched() {
    return kind == Kind.TENSOR
        && shape.isDeclared()
        && shape.rank() > 0
        && shape.dim(0) == Shape.OPEN;
  }

  /**
   * {@return the shape of one row: without dimension 0 where that is the row dimension, else the
   * whole}
   */
  public Shape rowShape() {
    if (!isBatched()) {
      return shape;
    }
    long[] dims = shape.dims();
    return Shape.of(java.util.Arrays.copyOfRange(dims, 1, dims.length));
  }

  /** {@return for example {@code 'pixels': FLOAT32[?, 28, 28]}} */
  @Override
  public String toString() {
    String what = kind == Kind.TENSOR ? type + shape.toString() : kind + " of " + type;
    return "'" + name + "': " + what + (optional ? " (optional)" : "");
  }
}
