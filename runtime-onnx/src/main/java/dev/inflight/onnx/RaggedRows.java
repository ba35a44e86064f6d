package dev.inflight.onnx;

import ai.onnxruntime.OrtException;
import dev.inflight.InvalidInputException;
import dev.inflight.tensor.DataType;
import dev.inflight.tensor.RowBuffers;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.ValueSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Rows whose open dimensions may differ: says which can share a run and gives that run its inputs.
 *
 * <p>Invariant: rows share a run only if they have the same shape in every input that is not
 * padded, so that without padding each row is answered as it would be alone.
 */
final class RaggedRows {
  /** Told of a row that must not reach native code. */
  interface Refused {
    void fail(int row, InvalidInputException failure);
  }

  private final OnnxModel model;
  private final RowBuffers in;
  private final List<ValueSpec> inputs;
  private final @Nullable Padding[] padding;
  private final ByteBuffer[] packed;

  RaggedRows(OnnxModel model, RowBuffers in) {
    this.model = model;
    this.in = in;
    inputs = model.signature().inputs();
    padding = new Padding[inputs.size()];
    packed = new ByteBuffer[inputs.size()];
    Arrays.fill(packed, ByteBuffer.allocate(0));
    for (int i = 0; i < padding.length; i++) {
      Double value = model.options().padding().get(inputs.get(i).name());
      padding[i] = value == null ? null : Padding.of(inputs.get(i), value);
    }
  }

  /** The rows that fit together, in the order of each group's first row. */
  List<int[]> groups(int n, Refused refused) {
    Map<List<Shape>, List<Integer>> groups = new LinkedHashMap<>();
    for (int row = 0; row < n; row++) {
      try {
        groups.computeIfAbsent(key(row), key -> new ArrayList<>()).add(row);
      } catch (InvalidInputException e) {
        refused.fail(row, e);
      }
    }
    return groups.values().stream()
        .map(rows -> rows.stream().mapToInt(Integer::intValue).toArray())
        .toList();
  }

  private List<Shape> key(int row) {
    List<Shape> key = new ArrayList<>(padding.length);
    for (int i = 0; i < padding.length; i++) {
      Shape shape = in.rowShape(i, row);
      if (shape.isFixed() && !inputs.get(i).rowShape().isFixed()) {
        model.check().checkDims(inputs.get(i), shape);
      }
      key.add(padding[i] == null ? shape : Shape.UNDECLARED);
    }
    return key;
  }

  /** The inputs of a run of these rows. */
  void feed(Feed feed, int[] rows) throws OrtException {
    for (int i = 0; i < padding.length; i++) {
      ValueSpec spec = inputs.get(i);
      if (spec.optional() && !in.isWritten(i)) {
        feed.omit(spec.name());
        continue;
      }
      Shape row = largest(i, rows);
      Shape whole = spec.isBatched() ? Feed.whole(row, rows.length) : row;
      if (spec.type() == DataType.STRING) {
        feed.strings(spec.name(), whole, strings(i, rows, (int) row.elements()));
      } else {
        feed.input(spec.name(), spec.type(), whole, bytes(i, rows, row, whole));
      }
    }
  }

  private Shape largest(int i, int[] rows) {
    Shape first = in.rowShape(i, rows[0]);
    if (padding[i] == null) {
      return first;
    }
    long[] dims = first.dims();
    for (int row : rows) {
      Shape shape = in.rowShape(i, row);
      for (int axis = 0; axis < dims.length; axis++) {
        dims[axis] = Math.max(dims[axis], shape.dim(axis));
      }
    }
    return Shape.of(dims);
  }

  private String[] strings(int i, int[] rows, int each) {
    String[] strings = new String[rows.length * each];
    for (int at = 0; at < rows.length; at++) {
      System.arraycopy(in.strings(i), in.start(i, rows[at]), strings, at * each, each);
    }
    return strings;
  }

  /** In place if the rows lie one after the other, else a copy. */
  private ByteBuffer bytes(int i, int[] rows, Shape row, Shape whole) {
    DataType type = inputs.get(i).type();
    int length = Math.toIntExact(type.bytes(whole.elements()));
    int width = type.bits() / 8;
    if (isContiguous(i, rows, row)) {
      return in.region(i)
          .slice(in.start(i, rows[0]) * width, length)
          .order(ByteOrder.nativeOrder());
    }
    if (packed[i].capacity() < length) {
      packed[i] = ByteBuffer.allocateDirect(Math.max(length, 2 * packed[i].capacity()));
    }
    ByteBuffer target = packed[i].slice(0, length).order(ByteOrder.nativeOrder());
    Padding pad = padding[i];
    if (pad != null) {
      pad.fill(target);
    }
    for (int at = 0; at < rows.length; at++) {
      Padding.copy(
          in.region(i),
          in.start(i, rows[at]) * width,
          in.rowShape(i, rows[at]),
          target,
          at * (length / rows.length),
          row,
          width);
    }
    return target;
  }

  private boolean isContiguous(int i, int[] rows, Shape row) {
    for (int at = 0; at < rows.length; at++) {
      if (rows[at] != rows[0] + at || !row.equals(in.rowShape(i, rows[at]))) {
        return false;
      }
    }
    return true;
  }
}
