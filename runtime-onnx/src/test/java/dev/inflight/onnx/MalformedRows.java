package dev.inflight.onnx;

import dev.inflight.tensor.DataType;
import dev.inflight.tensor.MapValue;
import dev.inflight.tensor.ModelValue;
import dev.inflight.tensor.SequenceValue;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import dev.inflight.tensor.ValueSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Rows that are wrong in exactly one way, made from a model's declaration. */
final class MalformedRows {
  private final OnnxGraph graph;
  private final List<Bad> rows = new ArrayList<>();
  private final Map<String, ModelValue> good = new LinkedHashMap<>();

  /** One row and what is wrong with it. */
  record Bad(String what, Tensors row) {
    @Override
    public String toString() {
      return what + " " + row;
    }
  }

  private MalformedRows(OnnxGraph graph) {
    this.graph = graph;
    graph.inputs().forEach(spec -> good.put(spec.name(), tensor(spec.type(), dims(spec))));
  }

  static Tensors good(OnnxGraph graph) {
    return Tensors.of(new MalformedRows(graph).good);
  }

  static List<Bad> of(OnnxGraph graph) {
    MalformedRows rows = new MalformedRows(graph);
    rows.names();
    for (int i = 0; i < graph.inputs().size(); i++) {
      rows.input(i);
    }
    return rows.rows;
  }

  /** Zeros, or empty strings. */
  static Tensor tensor(DataType type, long... dims) {
    Shape shape = Shape.of(dims);
    if (type == DataType.STRING) {
      String[] values = new String[(int) shape.elements()];
      Arrays.fill(values, "");
      return dims.length == 0 ? Tensor.scalar("") : Tensor.of(values, dims);
    }
    ByteBuffer bytes = ByteBuffer.allocate((int) type.bytes(shape.elements()));
    return Tensor.over(type, shape, bytes.order(ByteOrder.nativeOrder()));
  }

  private static long[] dims(ValueSpec spec) {
    return Arrays.stream(spec.shape().dims()).map(dim -> dim == Shape.OPEN ? 2 : dim).toArray();
  }

  private void names() {
    rows.add(new Bad("empty row", Tensors.empty()));
    Tensor extra = tensor(DataType.FLOAT32, 1);
    for (String name : List.of("unknown", "", " ", "\0", "x".repeat(5000), "\uD83D\uDE00")) {
      rows.add(new Bad("extra name", Tensors.of(good).and(name, extra)));
      rows.add(new Bad("only an unknown name", Tensors.of(name, extra)));
    }
    for (String name : good.keySet()) {
      String upper = name.toUpperCase(java.util.Locale.ROOT);
      rows.add(new Bad("name of other case", renamed(name, upper)));
      rows.add(new Bad("name with a blank", renamed(name, name + " ")));
      Map<String, ModelValue> less = new LinkedHashMap<>(good);
      less.remove(name);
      if (!less.isEmpty()) {
        rows.add(new Bad("missing " + name, Tensors.of(less)));
      }
    }
  }

  private Tensors renamed(String name, String to) {
    Map<String, ModelValue> map = new LinkedHashMap<>();
    good.forEach((key, value) -> map.put(key.equals(name) ? to : key, value));
    return Tensors.of(map);
  }

  private void input(int at) {
    ValueSpec spec = graph.inputs().get(at);
    long[] dims = dims(spec);
    for (DataType type : DataType.values()) {
      if (type != spec.type()) {
        add("type " + type, spec, tensor(type, dims));
      }
    }
    for (int rank = 0; rank <= 9; rank++) {
      if (rank != dims.length) {
        long[] other = new long[rank];
        Arrays.fill(other, 1);
        add("rank " + rank, spec, tensor(spec.type(), other));
      }
    }
    for (int axis = 0; axis < dims.length; axis++) {
      for (long wrong : new long[] {0, 1, dims[axis] - 1, dims[axis] + 1, 1000}) {
        boolean fixed = spec.shape().dim(axis) != Shape.OPEN;
        if (wrong == 0 || (fixed && wrong != dims[axis])) {
          add("axis " + axis + " is " + wrong, spec, tensor(spec.type(), with(dims, axis, wrong)));
        }
      }
    }
    add("all zero", spec, tensor(spec.type(), new long[Math.max(1, dims.length)]));
    add("sequence", spec, new SequenceValue(List.of(tensor(spec.type(), dims))));
    add("empty sequence", spec, new SequenceValue(List.of()));
    add("map", spec, new MapValue(Map.of("a", 1f)));
    symbols(at, dims);
  }

  private void symbols(int at, long[] dims) {
    ValueSpec spec = graph.inputs().get(at);
    for (int axis = 0; axis < graph.symbols().get(at).size(); axis++) {
      String symbol = graph.symbols().get(at).get(axis);
      long uses = graph.symbols().stream().flatMap(List::stream).filter(symbol::equals).count();
      if (!symbol.isEmpty() && uses > 1) {
        for (long wrong : new long[] {1, 3, 4, 50}) {
          add("symbol " + symbol, spec, tensor(spec.type(), with(dims, axis, wrong)));
        }
      }
    }
  }

  private static long[] with(long[] dims, int axis, long value) {
    long[] copy = dims.clone();
    copy[axis] = value;
    return copy;
  }

  private void add(String what, ValueSpec spec, ModelValue value) {
    Map<String, ModelValue> map = new LinkedHashMap<>(good);
    map.put(spec.name(), value);
    rows.add(new Bad(spec.name() + ": " + what, Tensors.of(map)));
  }
}
