package dev.inflight.onnx;

import dev.inflight.tensor.Shape;
import dev.inflight.tensor.Signature;
import dev.inflight.tensor.ValueSpec;
import java.util.List;

/** A signature that was exported for exactly so many rows. */
final class FixedBatch {
  private FixedBatch() {}

  /**
   * {@return the same signature with dimension 0 open}
   *
   * @throws IllegalArgumentException if some input or output does not have the same number there,
   *     or a row of it is open
   */
  static Signature open(Signature declared) {
    if (declared.inputs().isEmpty()) {
      throw new IllegalArgumentException("fixed batch: expected an input, got none");
    }
    ValueSpec first = declared.inputs().get(0);
    return new Signature(
        declared.inputs().stream().map(spec -> open(spec, first)).toList(),
        declared.outputs().stream().map(spec -> open(spec, first)).toList());
  }

  private static ValueSpec open(ValueSpec spec, ValueSpec first) {
    Shape shape = spec.shape();
    if (spec.kind() != ValueSpec.Kind.TENSOR
        || spec.optional()
        || !shape.isFixed()
        || shape.rank() == 0
        || shape.dim(0) == 0
        || shape.dim(0) != first.shape().dim(0)) {
      throw new IllegalArgumentException(
          "fixed batch: expected a fixed shape with the same number of rows in every input and"
              + " output, got "
              + List.of(first, spec));
    }
    long[] dims = shape.dims();
    dims[0] = Shape.OPEN;
    return new ValueSpec(
        spec.name(), spec.kind(), spec.type(), Shape.of(dims), spec.optional(), spec.columns());
  }
}
