package dev.inflight.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.inflight.tensor.DataType;
import dev.inflight.tensor.Shape;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What one run of one shape needs, made once and used again: tensors over memory that stays where
 * it is, and the maps ORT Java takes.
 *
 * <p>Invariant: every tensor here is open and lies in memory of the lane that is at least as large
 * as the tensor.
 */
final class Feed implements AutoCloseable {
  private final OnnxModel model;
  private final Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
  private final Map<String, OnnxTensor> pinned = new LinkedHashMap<>();
  private final Set<String> requested = new LinkedHashSet<>();
  private final List<OnnxTensor> strings = new ArrayList<>();
  private boolean stale;

  Feed(OnnxModel model) {
    this.model = model;
    requested.addAll(model.outputNames());
  }

  void input(String name, DataType type, Shape shape, ByteBuffer memory) throws OrtException {
    replace(inputs, name, tensor(name, type, shape, memory));
  }

  /** For this run only: strings live in native memory, so they are made anew each time. */
  void strings(String name, Shape shape, String[] values) throws OrtException {
    OnnxTensor tensor = Values.strings(model.environment(), values, shape);
    strings.add(tensor);
    inputs.put(name, tensor);
  }

  void omit(String name) {
    OnnxTensor before = inputs.remove(name);
    if (before != null && !strings.contains(before)) {
      before.close();
    }
  }

  void pin(String name, DataType type, Shape shape, ByteBuffer memory) throws OrtException {
    replace(pinned, name, tensor(name, type, shape, memory));
    requested.remove(name);
  }

  boolean isPinned(String name) {
    return pinned.containsKey(name);
  }

  /**
   * An output turned out to follow the rows: the next run of this shape wants a new feed that pins
   * it.
   */
  void stale() {
    stale = true;
  }

  boolean isStale() {
    return stale;
  }

  boolean isAnyPinned() {
    return !pinned.isEmpty();
  }

  boolean isAllPinned() {
    return requested.isEmpty();
  }

  /** {@return the shape of {@code n} rows} */
  static Shape whole(Shape row, int n) {
    long[] dims = new long[row.rank() + 1];
    dims[0] = n;
    for (int axis = 0; axis < row.rank(); axis++) {
      dims[axis + 1] = row.dim(axis);
    }
    return Shape.of(dims);
  }

  private OnnxTensor tensor(String name, DataType type, Shape shape, ByteBuffer memory)
      throws OrtException {
    return OnnxTensor.createTensor(
        model.environment(), memory, shape.dims(), Values.javaType(type, "'" + name + "'"));
  }

  private static void replace(Map<String, OnnxTensor> tensors, String name, OnnxTensor tensor) {
    OnnxTensor before = tensors.put(name, tensor);
    if (before != null) {
      before.close();
    }
  }

  /** The caller closes the result. It holds what was not pinned. */
  OrtSession.Result run(OrtSession.RunOptions options) throws OrtException {
    try {
      return model.session().run(inputs, requested, pinned, options);
    } finally {
      if (!strings.isEmpty()) {
        strings.forEach(OnnxTensor::close);
        strings.clear();
      }
    }
  }

  /** ONNX Runtime has no code of its own for a pinned output of another shape. */
  static boolean isShapeProblem(OrtException e) {
    String message = String.valueOf(e.getMessage());
    return message.contains("hape") || message.contains("dimensions for output");
  }

  @Override
  public void close() {
    inputs.values().stream().filter(tensor -> !tensor.isClosed()).forEach(OnnxTensor::close);
    pinned.values().forEach(OnnxTensor::close);
    inputs.clear();
    pinned.clear();
  }
}
