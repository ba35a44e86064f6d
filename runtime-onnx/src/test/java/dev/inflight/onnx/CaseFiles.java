package dev.inflight.onnx;

import static org.assertj.core.api.Assertions.fail;

import dev.inflight.tensor.DataType;
import dev.inflight.tensor.MapValue;
import dev.inflight.tensor.ModelValue;
import dev.inflight.tensor.SequenceValue;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import dev.inflight.tensor.ValueSpec;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.stream.Stream;

/** Test cases in the layout of the ONNX backend conformance suite. */
final class CaseFiles {
  private CaseFiles() {}

  /** A value from a file; empty for an empty optional. */
  record Named(String name, Optional<ModelValue> value) {}

  static Path models(String group) {
    return Path.of(System.getProperty("inflight.root"), "testmodels", group);
  }

  static List<Path> directories(Path parent, String prefix) {
    try (Stream<Path> list = Files.list(parent)) {
      return list.filter(Files::isDirectory)
          .filter(path -> path.getFileName().toString().startsWith(prefix))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static Properties properties(Path model) {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(model.resolve("case.properties"))) {
      properties.load(reader);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return properties;
  }

  static ByteBuffer bytes(Path file) {
    try {
      return ByteBuffer.wrap(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static OnnxGraph graph(String name) {
    return OnnxGraph.read(bytes(models("onnx").resolve(name).resolve("model.onnx")));
  }

  /** The inputs of a data set; a name the graph does not have gives way to that of its place. */
  static Tensors inputs(Path set, OnnxGraph graph) {
    return tensors(read(set, "input_", graph.inputs()));
  }

  static Tensors outputs(Path set, OnnxGraph graph) {
    return tensors(read(set, "output_", graph.outputs()));
  }

  private static Tensors tensors(List<Named> values) {
    Map<String, ModelValue> map = new LinkedHashMap<>();
    values.forEach(named -> named.value().ifPresent(value -> map.put(named.name(), value)));
    return Tensors.of(map);
  }

  static List<Named> read(Path set, String prefix, List<ValueSpec> specs) {
    List<Named> values = new ArrayList<>();
    for (int i = 0; Files.exists(set.resolve(prefix + i + ".pb")); i++) {
      ByteBuffer file = bytes(set.resolve(prefix + i + ".pb"));
      Optional<ValueSpec> spec = i < specs.size() ? Optional.of(specs.get(i)) : Optional.empty();
      boolean optional = spec.map(ValueSpec::optional).orElse(false);
      ValueSpec.Kind kind = spec.map(ValueSpec::kind).orElse(ValueSpec.Kind.TENSOR);
      Named read =
          optional
              ? optional(new Wire(file))
              : kind == ValueSpec.Kind.SEQUENCE ? sequence(new Wire(file)) : tensor(new Wire(file));
      boolean known = specs.stream().anyMatch(s -> s.name().equals(read.name()));
      values.add(known || spec.isEmpty() ? read : new Named(spec.get().name(), read.value()));
    }
    return values;
  }

  private static Named optional(Wire wire) {
    String name = "";
    Optional<ModelValue> value = Optional.empty();
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> name = wire.text();
        case 3 -> value = tensor(wire.message()).value();
        case 5 -> value = sequence(wire.message()).value();
        default -> wire.skip();
      }
    }
    return new Named(name, value);
  }

  private static Named sequence(Wire wire) {
    String name = "";
    List<ModelValue> values = new ArrayList<>();
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> name = wire.text();
        case 3 -> values.add(tensor(wire.message()).value().orElseThrow());
        case 5 -> values.add(sequence(wire.message()).value().orElseThrow());
        case 6 -> values.add(map(wire.message()));
        case 7 -> optional(wire.message()).value().ifPresent(values::add);
        default -> wire.skip();
      }
    }
    return new Named(name, Optional.of(new SequenceValue(values)));
  }

  private static MapValue map(Wire wire) {
    List<Object> keys = new ArrayList<>();
    List<ModelValue> values = List.of();
    while (wire.next()) {
      switch (wire.field()) {
        case 3 -> keys.addAll(integers(wire));
        case 4 -> keys.add(wire.text());
        case 5 ->
            values = ((SequenceValue) sequence(wire.message()).value().orElseThrow()).values();
        default -> wire.skip();
      }
    }
    Map<Object, Object> entries = new LinkedHashMap<>();
    for (int i = 0; i < keys.size(); i++) {
      entries.put(keys.get(i), scalar((Tensor) values.get(i)));
    }
    return new MapValue(entries);
  }

  private static Object scalar(Tensor tensor) {
    return switch (tensor.type()) {
      case FLOAT32 -> tensor.floats().get(0);
      case FLOAT64 -> tensor.doubles().get(0);
      case INT64 -> tensor.longs().get(0);
      case STRING -> tensor.strings().get(0);
      default -> throw new IllegalArgumentException("map value " + tensor);
    };
  }

  private static List<Long> integers(Wire wire) {
    List<Long> values = new ArrayList<>();
    if (!wire.isPacked()) {
      values.add(wire.number());
      return values;
    }
    ByteBuffer part = wire.part();
    while (part.hasRemaining()) {
      long value = 0;
      byte next = -1;
      for (int shift = 0; next < 0; shift += 7) {
        next = part.get();
        value |= (long) (next & 0x7F) << shift;
      }
      values.add(value);
    }
    return values;
  }

  static Named tensor(Wire wire) {
    String name = "";
    DataType type = DataType.FLOAT32;
    List<Long> dims = new ArrayList<>();
    List<Long> integers = new ArrayList<>();
    List<String> strings = new ArrayList<>();
    Optional<ByteBuffer> raw = Optional.empty();
    while (wire.next()) {
      switch (wire.field()) {
        case 1 -> dims.addAll(integers(wire));
        case 2 -> type = OnnxGraph.type(wire.number());
        case 5, 7, 11 -> integers.addAll(integers(wire));
        case 6 -> strings.add(StandardCharsets.UTF_8.decode(wire.part()).toString());
        case 8 -> name = wire.text();
        case 4, 9, 10 -> raw = Optional.of(wire.part());
        default -> wire.skip();
      }
    }
    Shape shape = Shape.of(dims.stream().mapToLong(Long::longValue).toArray());
    if (type == DataType.STRING) {
      String[] values = strings.toArray(new String[0]);
      Tensor text = shape.rank() == 0 ? Tensor.scalar(values[0]) : Tensor.of(values, shape.dims());
      return new Named(name, Optional.of(text));
    }
    ByteBuffer bytes = raw.isPresent() ? raw.get() : packed(type, shape, integers);
    Tensor tensor = Tensor.over(type, shape, bytes.order(ByteOrder.LITTLE_ENDIAN));
    return new Named(name, Optional.of(tensor));
  }

  private static ByteBuffer packed(DataType type, Shape shape, List<Long> integers) {
    ByteBuffer bytes =
        ByteBuffer.allocate((int) type.bytes(shape.elements())).order(ByteOrder.LITTLE_ENDIAN);
    for (long value : integers) {
      switch (type.bits()) {
        case 16 -> bytes.putShort((short) value);
        case 32 -> bytes.putInt((int) value);
        case 64 -> bytes.putLong(value);
        default -> bytes.put((byte) value);
      }
    }
    return bytes.flip();
  }

  /** Fails unless every expected value is there and close; zero tolerances mean equal bits. */
  static void assertClose(Tensors actual, Tensors expected, double rtol, double atol) {
    for (String name : expected.names()) {
      assertClose(name, actual.value(name), expected.value(name), rtol, atol);
    }
  }

  static void assertClose(
      String what, ModelValue actual, ModelValue expected, double rtol, double atol) {
    if (expected instanceof Tensor tensor && actual instanceof Tensor got) {
      Closeness.tensors(what, got, tensor, rtol, atol);
    } else if (expected instanceof SequenceValue sequence && actual instanceof SequenceValue got) {
      Closeness.same(what + " length", got.values().size(), sequence.values().size());
      for (int i = 0; i < got.values().size(); i++) {
        assertClose(
            what + "[" + i + "]", got.values().get(i), sequence.values().get(i), rtol, atol);
      }
    } else if (expected instanceof MapValue map && actual instanceof MapValue got) {
      Closeness.same(what + " keys", got.entries().keySet(), map.entries().keySet());
      map.entries()
          .forEach(
              (key, value) ->
                  Closeness.scalars(what + "." + key, got.entries().get(key), value, rtol, atol));
    } else {
      fail("%s: expected %s, got %s", what, expected, actual);
    }
  }
}
