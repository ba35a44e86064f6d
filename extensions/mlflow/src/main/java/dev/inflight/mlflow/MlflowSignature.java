package dev.inflight.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import dev.inflight.tensor.DataType;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.Signature;
import dev.inflight.tensor.ValueSpec;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The inputs that an MLflow model declares: columns or tensors, never both.
 *
 * @param columns of a data frame
 * @param tensors by name, or one without
 */
record MlflowSignature(List<Column> columns, List<ValueSpec> tensors) {
  static final MlflowSignature NONE = new MlflowSignature(List.of(), List.of());

  private static final Map<String, DataType> COLUMN_TYPES =
      Map.of(
          "boolean", DataType.BOOL,
          "integer", DataType.INT32,
          "long", DataType.INT64,
          "float", DataType.FLOAT32,
          "double", DataType.FLOAT64,
          "string", DataType.STRING);

  private static final Set<DataType> WHOLE =
      Set.of(
          DataType.INT8,
          DataType.INT16,
          DataType.INT32,
          DataType.UINT8,
          DataType.UINT16,
          DataType.UINT32);

  /** A column; the name may be empty. */
  record Column(String name, DataType type, boolean required) {}

  /**
   * {@return what the JSON says}
   *
   * @throws IllegalArgumentException if it is not of MLflow's form, or has types of which no tensor
   *     can be made
   */
  static MlflowSignature parse(JsonNode inputs) {
    List<Column> columns = new ArrayList<>();
    List<ValueSpec> tensors = new ArrayList<>();
    for (JsonNode input : inputs) {
      String name = input.path("name").asText("");
      String type = input.path("type").asText("");
      if (type.equals("tensor")) {
        JsonNode spec = input.path("tensor-spec");
        List<Long> dims = new ArrayList<>();
        spec.path("shape").forEach(dim -> dims.add(dim.asLong()));
        Shape shape = Shape.of(dims.stream().mapToLong(Long::longValue).toArray());
        tensors.add(ValueSpec.tensor(name, numpy(spec.path("dtype").asText("")), shape));
      } else {
        DataType known = COLUMN_TYPES.get(type);
        if (known == null) {
          throw new IllegalArgumentException(
              "signature: column '"
                  + name
                  + "': expected a type of "
                  + COLUMN_TYPES.keySet()
                  + ", got '"
                  + type
                  + "'");
        }
        boolean optional = input.path("optional").asBoolean(false);
        columns.add(new Column(name, known, input.path("required").asBoolean(!optional)));
      }
    }
    if (!columns.isEmpty() && !tensors.isEmpty()) {
      throw new IllegalArgumentException("signature: expected columns or tensors, got both");
    }
    return new MlflowSignature(List.copyOf(columns), List.copyOf(tensors));
  }

  private static DataType numpy(String dtype) {
    return switch (dtype) {
      case "str", "object", "bytes" -> DataType.STRING;
      default -> {
        try {
          yield DataType.valueOf(dtype.toUpperCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
          throw new IllegalArgumentException(
              "signature: expected a numpy type, got '" + dtype + "'", e);
        }
      }
    };
  }

  /** {@return why these inputs are not those of a model; empty if they are} */
  Optional<String> difference(Signature model) {
    if (model.inputs().isEmpty()) {
      return Optional.empty(); // the backend's rows name their own features
    }
    if (!tensors.isEmpty()) {
      return tensorDifference(model.inputs());
    }
    return columns.isEmpty() ? Optional.empty() : columnDifference(model.inputs());
  }

  private Optional<String> tensorDifference(List<ValueSpec> inputs) {
    Set<String> declared = new HashSet<>();
    for (ValueSpec tensor : tensors) {
      boolean unnamed = tensor.name().isEmpty() && tensors.size() == 1 && inputs.size() == 1;
      Optional<ValueSpec> input =
          inputs.stream().filter(in -> unnamed || in.name().equals(tensor.name())).findFirst();
      if (input.isEmpty()) {
        return Optional.of("input '" + tensor.name() + "' is declared, the model has " + inputs);
      }
      ValueSpec actual = input.get();
      declared.add(actual.name());
      if (!castable(tensor.type(), actual.type())
          || !dimensionsFit(tensor.shape(), actual.shape())) {
        return Optional.of(
            "input '"
                + actual.name()
                + "' is declared as "
                + tensor.type()
                + tensor.shape()
                + ", the model has "
                + actual);
      }
    }
    return missing(inputs, declared);
  }

  private static Optional<String> missing(List<ValueSpec> inputs, Set<String> declared) {
    return inputs.stream()
        .filter(input -> !input.optional() && !declared.contains(input.name()))
        .map(input -> "the model needs input " + input + ", which is not declared")
        .findFirst();
  }

  private static boolean dimensionsFit(Shape declared, Shape actual) {
    if (!actual.isDeclared()) {
      return true;
    }
    if (declared.rank() != actual.rank()) {
      return false;
    }
    for (int axis = 0; axis < actual.rank(); axis++) {
      long a = declared.dim(axis);
      long b = actual.dim(axis);
      if (a != b && a != Shape.OPEN && b != Shape.OPEN) {
        return false;
      }
    }
    return true;
  }

  private Optional<String> columnDifference(List<ValueSpec> inputs) {
    boolean oneMatrix =
        inputs.size() == 1
            && inputs.get(0).shape().isDeclared()
            && inputs.get(0).shape().rank() == 2
            && columns.stream().noneMatch(column -> column.name().equals(inputs.get(0).name()));
    if (oneMatrix) {
      return matrixDifference(inputs.get(0));
    }
    for (ValueSpec input : inputs) {
      Optional<Column> column =
          columns.stream().filter(c -> c.name().equals(input.name())).findFirst();
      if (column.isEmpty() && !input.optional()) {
        return Optional.of("the model needs input " + input + ", which is not declared");
      }
      if (column.isPresent() && !castable(column.get().type(), input.type())) {
        return Optional.of(
            "column '"
                + input.name()
                + "' is declared as "
                + column.get().type()
                + ", the model has "
                + input);
      }
    }
    Set<String> names = new HashSet<>();
    inputs.forEach(input -> names.add(input.name()));
    // What the model does not take, MLflow drops before the call if it is not required.
    return columns.stream()
        .filter(column -> column.required() && !names.contains(column.name()))
        .map(column -> "column '" + column.name() + "' is required, the model has " + inputs)
        .findFirst();
  }

  /** MLflow makes one array of the frame, in its widest type. */
  private Optional<String> matrixDifference(ValueSpec matrix) {
    long width = matrix.shape().dim(1);
    if (width != Shape.OPEN && width != columns.size()) {
      return Optional.of(columns.size() + " columns are declared, the model has " + matrix);
    }
    boolean text = columns.stream().anyMatch(c -> c.type() == DataType.STRING);
    boolean fraction =
        columns.stream()
            .anyMatch(c -> c.type() == DataType.FLOAT32 || c.type() == DataType.FLOAT64);
    DataType widest = text ? DataType.STRING : fraction ? DataType.FLOAT64 : columns.get(0).type();
    if (!castable(widest, matrix.type())) {
      return Optional.of("columns are declared as " + widest + ", the model has " + matrix);
    }
    Set<String> names = new HashSet<>();
    columns.forEach(column -> names.add(column.name()));
    return matrix.columns().stream()
        .filter(name -> !names.contains(name) && !names.contains(""))
        .map(name -> "the model needs column '" + name + "', which is not declared")
        .findFirst();
  }

  /**
   * Which values MLflow takes for another type without loss, and the one loss that its ONNX wrapper
   * accepts: float64 for a model of float32.
   */
  static boolean castable(DataType from, DataType to) {
    return from == to
        || (from == DataType.INT32 && to == DataType.INT64)
        || (from == DataType.FLOAT32 && to == DataType.FLOAT64)
        || (WHOLE.contains(from) && to == DataType.FLOAT64)
        || (from == DataType.FLOAT64 && to == DataType.FLOAT32);
  }
}
