package dev.inflight.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import dev.inflight.tensor.DataType;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import dev.inflight.tensor.ValueSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The examples that MLflow saves: nested lists, lists by name, or a data frame in two parts. */
final class Example {
  private static final int MAX_ELEMENTS = 10_000_000;

  private Example() {}

  static Tensors parse(JsonNode node, List<ValueSpec> specs) {
    JsonNode body = node;
    for (String wrapper : List.of("inputs", "outputs", "dataframe_split", "instances")) {
      if (body.isObject() && body.has(wrapper) && specs.stream().noneMatch(named(wrapper))) {
        body = body.get(wrapper);
      }
    }
    Map<String, Tensor> values = new LinkedHashMap<>();
    if (body.isObject() && body.has("data") && specs.stream().noneMatch(named("data"))) {
      frame(body, specs, values);
    } else if (body.isObject()) {
      for (ValueSpec spec : specs) {
        if (!body.has(spec.name())) {
          throw new IllegalArgumentException("expected values for '" + spec.name() + "', got none");
        }
        values.put(spec.name(), tensor(body.get(spec.name()), spec));
      }
    } else {
      ValueSpec only = only(specs);
      values.put(only.name(), tensor(body, only));
    }
    return Tensors.of(values);
  }

  private static java.util.function.Predicate<ValueSpec> named(String name) {
    return spec -> spec.name().equals(name);
  }

  private static ValueSpec only(List<ValueSpec> specs) {
    if (specs.size() != 1) {
      throw new IllegalArgumentException("expected values by name, of " + specs + ", got a list");
    }
    return specs.get(0);
  }

  private static void frame(JsonNode body, List<ValueSpec> specs, Map<String, Tensor> values) {
    JsonNode rows = body.get("data");
    List<String> columns = new ArrayList<>();
    body.path("columns").forEach(column -> columns.add(column.asText()));
    if (specs.size() == 1 && !columns.equals(List.of(specs.get(0).name()))) {
      values.put(specs.get(0).name(), tensor(rows, specs.get(0)));
      return;
    }
    for (ValueSpec spec : specs) {
      int at = columns.indexOf(spec.name());
      if (at < 0) {
        throw new IllegalArgumentException(
            "expected a column '" + spec.name() + "', got " + columns);
      }
      Values cells = new Values();
      for (JsonNode row : rows) {
        cells.add(row.path(at));
      }
      long[] dims = new long[Math.max(1, spec.shape().isDeclared() ? spec.shape().rank() : 1)];
      java.util.Arrays.fill(dims, 1);
      dims[0] = cells.nodes.size();
      values.put(spec.name(), cells.tensor(spec, dims));
    }
  }

  private static Tensor tensor(JsonNode node, ValueSpec spec) {
    List<Long> dims = new ArrayList<>();
    for (JsonNode level = node; level.isArray() && !level.isEmpty(); level = level.get(0)) {
      dims.add((long) level.size());
    }
    Values values = new Values();
    flatten(node, dims, 0, values);
    return values.tensor(spec, dims.stream().mapToLong(Long::longValue).toArray());
  }

  private static void flatten(JsonNode node, List<Long> dims, int depth, Values values) {
    if (depth == dims.size()) {
      values.add(node);
      return;
    }
    if (node.size() != dims.get(depth)) {
      throw new IllegalArgumentException(
          "expected " + dims.get(depth) + " values at depth " + depth + ", got " + node.size());
    }
    for (JsonNode inner : node) {
      flatten(inner, dims, depth + 1, values);
    }
  }

  /** Single values, in order. */
  private static final class Values {
    final List<JsonNode> nodes = new ArrayList<>();

    void add(JsonNode node) {
      if (node.isContainerNode() || nodes.size() >= MAX_ELEMENTS) {
        throw new IllegalArgumentException(
            "expected at most " + MAX_ELEMENTS + " single values, all at one depth");
      }
      nodes.add(node);
    }

    Tensor tensor(ValueSpec spec, long[] dims) {
      if (spec.kind() != ValueSpec.Kind.TENSOR) {
        throw new IllegalArgumentException("expected a tensor, the model has " + spec);
      }
      Shape shape = Shape.of(dims);
      if (spec.type() == DataType.STRING) {
        return Tensor.of(nodes.stream().map(JsonNode::asText).toArray(String[]::new), dims);
      }
      ByteBuffer bytes =
          ByteBuffer.allocate((int) spec.type().bytes(nodes.size())).order(ByteOrder.nativeOrder());
      for (JsonNode node : nodes) {
        put(bytes, spec.type(), node);
      }
      return Tensor.over(spec.type(), shape, bytes.flip());
    }

    private static void put(ByteBuffer bytes, DataType type, JsonNode node) {
      if (!node.isNumber() && !node.isBoolean()) {
        throw new IllegalArgumentException("expected a value of " + type + ", got " + node);
      }
      boolean truth = node.asBoolean();
      switch (type) {
        case FLOAT32 -> bytes.putFloat((float) node.asDouble());
        case FLOAT64 -> bytes.putDouble(node.asDouble());
        case INT64, UINT64 -> bytes.putLong(node.asLong());
        case INT32, UINT32 -> bytes.putInt((int) node.asLong());
        case INT16, UINT16 -> bytes.putShort((short) node.asLong());
        case INT8, UINT8 -> bytes.put((byte) node.asLong());
        case BOOL -> bytes.put((byte) (truth ? 1 : 0));
        default -> throw new IllegalArgumentException("no example can have values of " + type);
      }
    }
  }
}
