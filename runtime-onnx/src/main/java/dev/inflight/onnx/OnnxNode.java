package dev.inflight.onnx;

import dev.inflight.tensor.DataType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A node of the main graph with the attributes that ONNX-ML operators have. Read only for models
 * that may be compiled. Field numbers are those of onnx.proto3.
 *
 * @param domain empty for ONNX's own operators
 */
record OnnxNode(
    String type,
    String domain,
    List<String> inputs,
    List<String> outputs,
    Map<String, Attribute> attributes) {

  /** The nodes of the main graph in order, and its small weights. */
  record Graph(List<OnnxNode> nodes, Map<String, double[]> weights) {}

  /** One attribute; of the four lists at most one has entries. */
  static final class Attribute {
    private final Wire.Numbers integers = new Wire.Numbers();
    private final Wire.Numbers floats = new Wire.Numbers();
    private final List<String> texts = new ArrayList<>();
    private double @Nullable [] tensor;
  }

  /** The longest weight that is read: a factor or so, never a matrix. */
  private static final int MAX_WEIGHT = 16;

  /**
   * {@return the nodes and small weights of a model that {@link OnnxGraph} has read before}
   *
   * @throws IllegalArgumentException if an attribute is malformed
   */
  static Graph read(ByteBuffer file) {
    List<OnnxNode> nodes = new ArrayList<>();
    Map<String, double[]> weights = new HashMap<>();
    Wire model = new Wire(file);
    while (model.next()) {
      if (model.field() != 7) {
        model.skip();
        continue;
      }
      Wire graph = model.message();
      while (graph.next()) {
        switch (graph.field()) {
          case 1 -> nodes.add(node(graph.message()));
          case 5 -> weight(graph.message(), weights);
          default -> graph.skip();
        }
      }
    }
    return new Graph(nodes, weights);
  }

  private static OnnxNode node(Wire wire) {
    String type = "";
    String domain = "";
    List<String> inputs = new ArrayList<>();
    List<String> outputs = new ArrayList<>();
    Map<String, Attribute> attributes = new HashMap<>();
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> inputs.add(wire.text());
        case 2 -> outputs.add(wire.text());
        case 4 -> type = wire.text();
        case 5 -> attribute(wire.message(), attributes);
        case 7 -> domain = wire.text();
        default -> wire.skip();
      }
    }
    return new OnnxNode(type, domain.equals("ai.onnx") ? "" : domain, inputs, outputs, attributes);
  }

  private static void attribute(Wire wire, Map<String, Attribute> attributes) {
    String name = "";
    Attribute attribute = new Attribute();
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> name = wire.text();
        case 2, 7 -> wire.floats(attribute.floats);
        case 3, 8 -> wire.numbers(attribute.integers);
        case 4, 9 -> attribute.texts.add(wire.text());
        case 5 -> attribute.tensor = values(wire.message(), Integer.MAX_VALUE, new String[1]);
        default -> wire.skip();
      }
    }
    attributes.put(name, attribute);
  }

  private static void weight(Wire wire, Map<String, double[]> weights) {
    String[] name = {""};
    double[] values = values(wire, MAX_WEIGHT, name);
    if (values != null) {
      weights.put(name[0], values);
    }
  }

  /** The numbers of a tensor, widened; null if it has other types, more entries or no data here. */
  private static double @Nullable [] values(Wire wire, int most, String[] name) {
    long type = 0;
    Wire.Numbers values = new Wire.Numbers();
    ByteBuffer raw = null;
    while (wire.next()) {
      switch (wire.field()) {
        case 2 -> type = wire.number();
        case 4 -> wire.floats(values);
        case 5, 7 -> wire.numbers(values);
        case 8 -> name[0] = wire.text();
        case 9 -> raw = wire.part().order(ByteOrder.LITTLE_ENDIAN);
        case 10 -> wire.doubles(values);
        default -> wire.skip();
      }
    }
    boolean whole = type == 2 || type == 7;
    if (raw != null) {
      int size = type == 1 ? 4 : type == 2 ? 1 : 8;
      while (raw.remaining() >= size && values.count() <= most) {
        if (whole) {
          values.add(type == 2 ? raw.get() & 0xFF : raw.getLong());
        } else {
          values.add(type == 1 ? raw.getFloat() : raw.getDouble());
        }
      }
    }
    boolean known = whole || type == 1 || type == 11;
    if (!known || values.count() == 0 || values.count() > most) {
      return null;
    }
    return whole ? Arrays.stream(values.longs()).asDoubleStream().toArray() : values.doubles();
  }

  boolean is(String operator) {
    return domain.equals("ai.onnx.ml") && type.equals(operator);
  }

  private @Nullable Attribute attribute(String name) {
    return attributes.get(name);
  }

  /** Empty if it is not there. */
  long[] integers(String name) {
    Attribute attribute = attribute(name);
    return attribute == null ? new long[0] : attribute.integers.longs();
  }

  long integer(String name, long otherwise) {
    long[] values = integers(name);
    return values.length == 1 ? values[0] : otherwise;
  }

  /** Floats, widened; empty if it is not there. */
  double[] floats(String name) {
    Attribute attribute = attribute(name);
    return attribute == null ? new double[0] : attribute.floats.doubles();
  }

  /** The numbers of a tensor attribute, widened; empty if it is not there. */
  double[] tensor(String name) {
    Attribute attribute = attribute(name);
    return attribute == null || attribute.tensor == null ? new double[0] : attribute.tensor;
  }

  /** The attribute of that name, or that of the same name with {@code _as_tensor}. */
  double[] floatsOrTensor(String name) {
    double[] floats = floats(name);
    return floats.length > 0 ? floats : tensor(name + "_as_tensor");
  }

  List<String> texts(String name) {
    Attribute attribute = attribute(name);
    return attribute == null ? List.of() : List.copyOf(attribute.texts);
  }

  String text(String name, String otherwise) {
    List<String> values = texts(name);
    return values.size() == 1 ? values.get(0) : otherwise;
  }

  /** {@return the type that the {@code to} of a Cast names} */
  DataType castsTo() {
    return OnnxGraph.type(integer("to", 0));
  }
}
