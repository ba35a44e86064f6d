package dev.inflight.onnx;

import dev.inflight.InvalidInputException;
import dev.inflight.tensor.DataType;
import dev.inflight.tensor.ModelValue;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import dev.inflight.tensor.ValueSpec;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Decides in Java what may reach native code.
 *
 * <p>Invariant: a row that passes names only known inputs, leaves out only optional ones, and each
 * tensor has the declared type, rank and fixed dimensions, equal values for dimensions of one name,
 * no zero dimension unless allowed, and a type that ORT Java can take.
 */
final class RowCheck {
  private final String label;
  private final List<ValueSpec> inputs;
  private final List<List<String>> symbols;
  private final OnnxOptions options;
  private final boolean named;

  RowCheck(String label, OnnxGraph graph, OnnxOptions options) {
    this.label = label;
    this.options = options;
    inputs = graph.inputs();
    symbols = graph.symbols();
    named =
        symbols.stream().flatMap(List::stream).filter(s -> !s.isEmpty()).distinct().count()
            < symbols.stream().flatMap(List::stream).filter(s -> !s.isEmpty()).count();
  }

  /** Throws {@link InvalidInputException} naming subject, expected and got. */
  void check(Tensors row) {
    int given = 0;
    long bytes = 0;
    for (int i = 0; i < inputs.size(); i++) {
      ValueSpec spec = inputs.get(i);
      int at = row.size() > i && row.name(i).equals(spec.name()) ? i : row.indexOf(spec.name());
      if (at < 0) {
        if (!spec.optional()) {
          throw refused(spec, "a value", "none (the row has " + row.names() + ")");
        }
        continue;
      }
      given++;
      bytes += checkValue(spec, row.value(at));
    }
    if (given != row.size()) {
      throw new InvalidInputException(
          label + ": expected inputs " + inputs + ", got " + row.names());
    }
    if (bytes > options.maxRowBytes()) {
      throw new InvalidInputException(
          label + ": expected a row of at most " + options.maxRowBytes() + " bytes, got " + bytes);
    }
    if (named) {
      checkSymbols(row);
    }
  }

  private long checkValue(ValueSpec spec, ModelValue value) {
    if (spec.kind() != ValueSpec.Kind.TENSOR) {
      throw refused(spec, "nothing: ORT Java takes tensors only", value.getClass().getSimpleName());
    }
    if (!(value instanceof Tensor tensor)) {
      throw refused(spec, "a tensor", value.getClass().getSimpleName());
    }
    if (tensor.type() != spec.type()) {
      throw refused(spec, spec.type().toString(), tensor.toString());
    }
    Shape shape = tensor.shape();
    if (!spec.shape().accepts(shape)) {
      throw refused(spec, spec.shape().toString(), shape.toString());
    }
    checkDims(spec, shape);
    if (tensor.type() != DataType.STRING) {
      Values.javaType(tensor.type(), label + ": input " + spec);
    }
    return tensor.type().bytes(shape.elements());
  }

  /** Also for rows that come through a codec: {@code shape} is the whole shape of the run. */
  void checkDims(ValueSpec spec, Shape shape) {
    if (shape.isEmpty() && !options.zeroDimensions()) {
      throw refused(
          spec,
          "no zero dimension",
          shape
              + "; some operators kill the JVM on one (OnnxOptions.withZeroDimensions allows it)");
    }
  }

  private void checkSymbols(Tensors row) {
    Map<String, Long> sizes = new HashMap<>();
    for (int i = 0; i < inputs.size(); i++) {
      int at = row.indexOf(inputs.get(i).name());
      if (at < 0 || !(row.value(at) instanceof Tensor tensor)) {
        continue;
      }
      for (int axis = 0; axis < symbols.get(i).size(); axis++) {
        String symbol = symbols.get(i).get(axis);
        if (symbol.isEmpty()) {
          continue;
        }
        long size = tensor.shape().dim(axis);
        Long before = sizes.putIfAbsent(symbol, size);
        if (before != null && before != size) {
          throw refused(
              inputs.get(i),
              "dimension '" + symbol + "' to be " + before + " as in another input",
              tensor.shape().toString());
        }
      }
    }
  }

  private InvalidInputException refused(ValueSpec spec, String expected, String got) {
    return new InvalidInputException(
        label + ": input " + spec + ": expected " + expected + ", got " + got);
  }
}
