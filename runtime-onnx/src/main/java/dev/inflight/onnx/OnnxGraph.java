package dev.inflight.onnx;

import dev.inflight.tensor.DataType;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.ValueSpec;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What an ONNX file declares, read before any native code sees it. ORT's own metadata is not
 * enough: it reports an undeclared shape like a scalar's, unsigned types as signed, throws on
 * optional types, and is silent about external files. Field numbers are those of onnx.proto3.
 *
 * @param inputs that a caller gives: without those that have an initializer, which ORT Java cannot
 *     feed
 * @param outputs in order
 * @param symbols for each input, the name of each dimension, empty where it has none
 * @param outputSymbols the same for each output
 * @param external weights that are in other files
 * @param metadata producer and the model's own key-value pairs
 */
record OnnxGraph(
    List<ValueSpec> inputs,
    List<ValueSpec> outputs,
    List<List<String>> symbols,
    List<List<String>> outputSymbols,
    List<External> external,
    Map<String, String> metadata) {

  /** Deeper than any exporter nests, and far from a stack overflow. */
  private static final int MAX_DEPTH = 32;

  /** {@code onnx.TensorProto.DataType}, by its numbers; null for 0, undefined. */
  private static final @Nullable DataType[] TYPES = {
    null,
    DataType.FLOAT32,
    DataType.UINT8,
    DataType.INT8,
    DataType.UINT16,
    DataType.INT16,
    DataType.INT32,
    DataType.INT64,
    DataType.STRING,
    DataType.BOOL,
    DataType.FLOAT16,
    DataType.FLOAT64,
    DataType.UINT32,
    DataType.UINT64,
    DataType.COMPLEX64,
    DataType.COMPLEX128,
    DataType.BFLOAT16,
    DataType.FLOAT8E4M3FN,
    DataType.FLOAT8E4M3FNUZ,
    DataType.FLOAT8E5M2,
    DataType.FLOAT8E5M2FNUZ,
    DataType.UINT4,
    DataType.INT4,
    DataType.FLOAT4E2M1
  };

  /** A weight in another file. {@code length} is absent where the file's rest is meant. */
  record External(
      String name,
      DataType type,
      Shape shape,
      String location,
      long offset,
      Optional<Long> length) {}

  /**
   * {@return what the file declares}
   *
   * @throws IllegalArgumentException if it is not an ONNX model, or has weights in other files at a
   *     place where they cannot be replaced by verified bytes
   */
  static OnnxGraph read(ByteBuffer file) {
    return new Reader().model(new Wire(file));
  }

  static DataType type(long number) {
    DataType type = number > 0 && number < TYPES.length ? TYPES[(int) number] : null;
    if (type == null) {
      throw new IllegalArgumentException("element type " + number + " is not supported");
    }
    return type;
  }

  private static final class Reader {
    private record Declared(ValueSpec spec, List<String> symbols) {}

    private final List<Declared> inputs = new ArrayList<>();
    private final List<Declared> outputs = new ArrayList<>();
    private final Set<String> initializers = new HashSet<>();
    private final List<External> external = new ArrayList<>();
    private final Map<String, String> metadata = new LinkedHashMap<>();

    OnnxGraph model(Wire model) {
      boolean graph = false;
      while (model.next()) {
        switch (model.field()) {
          case 2 -> metadata.put("producer", model.text());
          case 3 -> metadata.put("producer.version", model.text());
          case 7 -> {
            graph(model.message(), 0);
            graph = true;
          }
          case 14 -> {
            String[] entry = entry(model.message());
            metadata.put(entry[0], entry[1]);
          }
          case 25 -> function(model.message());
          default -> model.skip();
        }
      }
      if (!graph) {
        throw new IllegalArgumentException("not an ONNX model: it has no graph");
      }
      inputs.removeIf(input -> initializers.contains(input.spec.name()));
      return new OnnxGraph(
          inputs.stream().map(i -> named(i.spec)).toList(),
          outputs.stream().map(o -> named(o.spec)).toList(),
          inputs.stream().map(Declared::symbols).toList(),
          outputs.stream().map(Declared::symbols).toList(),
          external,
          metadata);
    }

    /** Column names are the publisher's: one per line under {@code inflight.columns.<name>}. */
    private ValueSpec named(ValueSpec spec) {
      String columns = metadata.get("inflight.columns." + spec.name());
      if (columns == null) {
        return spec;
      }
      List<String> names = columns.lines().toList();
      Shape row = spec.rowShape();
      if (!row.isFixed() || row.elements() != names.size()) {
        throw new IllegalArgumentException(
            "metadata inflight.columns."
                + spec.name()
                + ": expected one line per element of a row of "
                + spec
                + ", got "
                + names.size());
      }
      return spec.withColumns(names);
    }

    private void graph(Wire graph, int depth) {
      if (depth > MAX_DEPTH) {
        throw new IllegalArgumentException("graphs nested deeper than " + MAX_DEPTH);
      }
      while (graph.next()) {
        switch (graph.field()) {
          case 1 -> node(graph.message(), depth);
          case 5 -> tensor(graph.message(), depth == 0);
          case 11 -> {
            if (depth == 0) {
              value(graph.message()).ifPresent(inputs::add);
            } else {
              graph.skip();
            }
          }
          case 12 -> {
            if (depth == 0) {
              value(graph.message()).ifPresent(outputs::add);
            } else {
              graph.skip();
            }
          }
          default -> graph.skip();
        }
      }
    }

    private void function(Wire function) {
      while (function.next()) {
        if (function.field() == 7) {
          node(function.message(), 1);
        } else {
          function.skip();
        }
      }
    }

    private void node(Wire node, int depth) {
      while (node.next()) {
        if (node.field() != 5) {
          node.skip();
          continue;
        }
        Wire attribute = node.message();
        while (attribute.next()) {
          switch (attribute.field()) {
            case 5, 10 -> tensor(attribute.message(), false);
            case 6, 11 -> graph(attribute.message(), depth + 1);
            default -> attribute.skip();
          }
        }
      }
    }

    private void tensor(Wire tensor, boolean replaceable) {
      String name = "";
      long type = 0;
      Wire.Numbers dims = new Wire.Numbers();
      Map<String, String> place = new LinkedHashMap<>();
      boolean elsewhere = false;
      while (tensor.next()) {
        switch (tensor.field()) {
          case 1 -> tensor.numbers(dims);
          case 2 -> type = tensor.number();
          case 8 -> name = tensor.text();
          case 13 -> {
            String[] entry = entry(tensor.message());
            place.put(entry[0], entry[1]);
          }
          case 14 -> elsewhere = tensor.number() == 1;
          default -> tensor.skip();
        }
      }
      if (replaceable) {
        initializers.add(name);
      }
      if (!elsewhere && place.isEmpty()) {
        return;
      }
      if (!replaceable) {
        throw new IllegalArgumentException(
            "weight '"
                + name
                + "': external data is supported for initializers of the main graph only");
      }
      String weight = name;
      Optional<Long> length =
          Optional.ofNullable(place.get("length")).map(text -> number(weight, text));
      external.add(
          new External(
              name,
              OnnxGraph.type(type),
              Shape.of(dims.longs()),
              place.getOrDefault("location", ""),
              number(name, place.getOrDefault("offset", "0")),
              length));
    }

    private static long number(String name, String text) {
      try {
        long number = Long.parseLong(text);
        if (number >= 0) {
          return number;
        }
      } catch (NumberFormatException e) {
        // refused below, with the name
      }
      throw new IllegalArgumentException(
          "weight '" + name + "': expected a whole number, got '" + text + "'");
    }

    private static String[] entry(Wire entry) {
      String[] pair = {"", ""};
      while (entry.next()) {
        if (entry.field() == 1 || entry.field() == 2) {
          pair[entry.field() - 1] = entry.text();
        } else {
          entry.skip();
        }
      }
      return pair;
    }

    private static Optional<Declared> value(Wire info) {
      String name = "";
      Optional<Wire> type = Optional.empty();
      while (info.next()) {
        switch (info.field()) {
          case 1 -> name = info.text();
          case 2 -> type = Optional.of(info.message());
          default -> info.skip();
        }
      }
      return Optional.of(declared(name, type, false, 0));
    }

    private static Declared declared(
        String name, Optional<Wire> type, boolean optional, int depth) {
      if (depth > MAX_DEPTH) {
        throw new IllegalArgumentException("types nested deeper than " + MAX_DEPTH);
      }
      Declared unknown =
          new Declared(
              new ValueSpec(
                  name,
                  ValueSpec.Kind.OTHER,
                  DataType.FLOAT32,
                  Shape.UNDECLARED,
                  optional,
                  List.of()),
              List.of());
      if (type.isEmpty()) {
        return unknown;
      }
      Wire wire = type.get();
      while (wire.next()) {
        switch (wire.field()) {
          case 1 -> {
            return tensorType(name, wire.message(), optional);
          }
          case 4 -> {
            return container(name, ValueSpec.Kind.SEQUENCE, wire.message(), 1, optional, depth);
          }
          case 5 -> {
            return container(name, ValueSpec.Kind.MAP, wire.message(), 2, optional, depth);
          }
          case 9 -> {
            Wire inner = wire.message();
            return inner.next()
                ? declared(name, Optional.of(inner.message()), true, depth + 1)
                : unknown;
          }
          default -> wire.skip();
        }
      }
      return unknown;
    }

    private static Declared container(
        String name,
        ValueSpec.Kind kind,
        Wire wire,
        int elementField,
        boolean optional,
        int depth) {
      DataType element = DataType.FLOAT32;
      while (wire.next()) {
        if (wire.field() == elementField) {
          element = declared(name, Optional.of(wire.message()), false, depth + 1).spec.type();
        } else {
          wire.skip();
        }
      }
      return new Declared(
          new ValueSpec(name, kind, element, Shape.UNDECLARED, optional, List.of()), List.of());
    }

    private static Declared tensorType(String name, Wire wire, boolean optional) {
      DataType type = DataType.FLOAT32;
      Shape shape = Shape.UNDECLARED;
      List<String> symbols = new ArrayList<>();
      while (wire.next()) {
        switch (wire.field()) {
          case 1 -> type = OnnxGraph.type(wire.number());
          case 2 -> shape = shape(wire.message(), symbols);
          default -> wire.skip();
        }
      }
      return new Declared(
          new ValueSpec(name, ValueSpec.Kind.TENSOR, type, shape, optional, List.of()),
          List.copyOf(symbols));
    }

    private static Shape shape(Wire wire, List<String> symbols) {
      List<Long> dims = new ArrayList<>();
      while (wire.next()) {
        if (wire.field() != 1) {
          wire.skip();
          continue;
        }
        long dim = Shape.OPEN;
        String symbol = "";
        Wire dimension = wire.message();
        while (dimension.next()) {
          switch (dimension.field()) {
            case 1 -> dim = Math.max(dimension.number(), Shape.OPEN);
            case 2 -> symbol = dimension.text();
            default -> dimension.skip();
          }
        }
        dims.add(dim);
        symbols.add(symbol);
      }
      return Shape.of(dims.stream().mapToLong(Long::longValue).toArray());
    }
  }
}
