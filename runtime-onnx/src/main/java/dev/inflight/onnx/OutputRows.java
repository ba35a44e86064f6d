package dev.inflight.onnx;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.inflight.tensor.DataType;
import dev.inflight.tensor.ModelValue;
import dev.inflight.tensor.RowBuffers;
import dev.inflight.tensor.SequenceValue;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.ValueSpec;
import java.util.List;

/**
 * What one runner knows of the outputs: which have one entry a row, and which of those it can
 * therefore have written straight into its memory.
 *
 * <p>Invariant: an answer is taken from a run of several rows only if every output had exactly one
 * entry a row in that run, and in a run of one row before, whatever the model declares. (The second
 * keeps out an output of 10 entries, however many rows, in a run of 10.)
 */
final class OutputRows {
  private final OnnxModel model;
  private final List<ValueSpec> outputs;
  private final RowBuffers out;
  private final boolean[] pinnable;
  private boolean proven;

  /** Whether the reader may still be looking at a value of an earlier run. */
  private boolean anySet;

  OutputRows(OnnxModel model, RowBuffers out, boolean batched) {
    this.model = model;
    this.out = out;
    outputs = model.signature().outputs();
    pinnable = new boolean[outputs.size()];
    for (int i = 0; i < pinnable.length; i++) {
      boolean declared = isDeclared(outputs.get(i));
      pinnable[i] = isPlain(outputs.get(i)) && (batched ? declared : isAlone(outputs.get(i)));
    }
  }

  private static boolean isPlain(ValueSpec spec) {
    return spec.kind() == ValueSpec.Kind.TENSOR
        && spec.type() != DataType.STRING
        && spec.rowShape().isFixed();
  }

  /**
   * Some exporters declare one row where they answer many: believed only where there can be no
   * more.
   */
  private boolean isAlone(ValueSpec spec) {
    return !spec.isBatched() || isDeclared(spec);
  }

  /** A row dimension with the name of the inputs' one. */
  private boolean isDeclared(ValueSpec spec) {
    return spec.isBatched() && model.namesRows(spec);
  }

  /** {@return whether output {@code i} can be pinned to one entry a row} */
  boolean isPinnable(int i) {
    return pinnable[i] && model.isPredictable();
  }

  /** {@return whether a run of one row must come before the first of several} */
  boolean needsProof() {
    return !proven;
  }

  /** A run of one row gave one entry in every output. */
  void prove() {
    proven = true;
  }

  /**
   * Hands what was not pinned to the reader, and our memory for the rest.
   *
   * @return whether each output had one entry a row
   */
  boolean read(Feed feed, OrtSession.Result result, int n) throws OrtException {
    boolean follow = true;
    for (int i = 0; i < pinnable.length; i++) {
      ValueSpec spec = outputs.get(i);
      if (feed.isPinned(spec.name())) {
        reset(i);
        continue;
      }
      ModelValue value = Values.copy(result.get(spec.name()).orElseThrow());
      out.set(i, value);
      anySet = true;
      follow &= entries(value) == n;
      if (isPlain(spec) && isWhole(spec, value, n)) {
        pinnable[i] = true;
        feed.stale();
      }
    }
    return follow;
  }

  /** Every output was pinned: the reader looks at our memory. */
  void readPinned() {
    if (anySet) {
      for (int i = 0; i < pinnable.length; i++) {
        reset(i);
      }
      anySet = false;
    }
  }

  private void reset(int i) {
    if (out.isSet(i)) {
      out.reset(i);
    }
  }

  private boolean isWhole(ValueSpec spec, ModelValue value, int n) {
    return model.isPredictable()
        && spec.isBatched()
        && value instanceof Tensor tensor
        && tensor.shape().equals(Feed.whole(spec.rowShape(), n));
  }

  private static long entries(ModelValue value) {
    if (value instanceof Tensor tensor) {
      Shape shape = tensor.shape();
      return shape.rank() == 0 ? 0 : shape.dim(0);
    }
    return value instanceof SequenceValue sequence ? sequence.values().size() : 0;
  }
}
