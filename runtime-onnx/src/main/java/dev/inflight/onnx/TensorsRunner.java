package dev.inflight.onnx;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.inflight.Lane;
import dev.inflight.Outcome;
import dev.inflight.Runner;
import dev.inflight.tensor.ModelValue;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import dev.inflight.tensor.ValueSpec;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * One lane's runner for rows of tensors. Copies each tensor into the lane's memory: a copy of a
 * small tensor is cheaper than a native handle for it, and the caller's memory is never read by
 * native code.
 *
 * <p>Invariant: several rows share a run only where every input and output names its dimension 0
 * alike, and are answered from it only if every output had as many entries as the rows together,
 * there and in the run of a single row before.
 */
final class TensorsRunner implements Runner<Tensors, Tensors> {
  private final OnnxModel model;
  private final List<ValueSpec> inputs;
  private final List<ValueSpec> outputs;
  private final String[] outputNames;
  private final boolean joins;
  private final Termination termination;
  private final ShapedFeeds feeds;
  private final List<Outcome<Tensors>> outcomes = new ArrayList<>();

  /** Up to two numbers of entries, not the same, for which a single row's outputs had as many. */
  private long proven;

  private long provenToo;

  TensorsRunner(OnnxModel model, Lane lane) throws OrtException {
    this.model = model;
    inputs = model.signature().inputs();
    outputs = model.signature().outputs();
    outputNames = model.outputNames().toArray(new String[0]);
    joins = model.joinsTensors();
    feeds = new ShapedFeeds(model, lane);
    termination = new Termination(model.info().label());
  }

  @Override
  public Tensors runOne(Tensors row) throws OrtException {
    termination.reset();
    return answer(row);
  }

  @Override
  public List<Outcome<Tensors>> run(List<? extends Tensors> rows) throws OrtException {
    termination.reset();
    outcomes.clear();
    for (int from = 0; from < rows.size(); ) {
      int to = from + 1;
      while (to < rows.size() && joins(rows.get(from), rows.get(to))) {
        to++;
      }
      if (to == from + 1 || !answerTogether(rows, from, to)) {
        to = from + 1;
        outcomes.add(Outcome.of(answer(rows.get(from))));
      }
      from = to;
    }
    return outcomes;
  }

  private boolean joins(Tensors row, Tensors other) {
    return joins && model.maxBatch() > 1 && TensorsModel.join(inputs, row, other);
  }

  /**
   * An output of 4 entries, whatever the rows, would pass for rows of 4 entries together; it cannot
   * pass for another number of them too.
   */
  private boolean isProven(long entries) {
    return provenToo > 0 || (proven > 0 && proven != entries);
  }

  private void prove(long entries) {
    if (proven == 0) {
      proven = entries;
    } else if (proven != entries) {
      provenToo = entries;
    }
  }

  private Tensors answer(Tensors row) throws OrtException {
    long entries = joins ? TensorsModel.entries(inputs, row) : -1;
    ShapedFeed shaped = feeds.feed(row, entries);
    shaped.write(row);
    OrtSession.Result result;
    try {
      result = infer(shaped);
    } catch (OrtException e) {
      termination.check(e);
      shaped = feeds.unpinned(e, shaped, row, entries);
      shaped.write(row);
      result = infer(shaped);
      feeds.giveUpPinning(shaped);
    }
    try (OrtSession.Result unpinned = result) {
      ModelValue[] values = new ModelValue[outputs.size()];
      boolean more = false;
      boolean follow = joins;
      for (int i = 0; i < values.length; i++) {
        ByteBuffer pin = shaped.pin(i);
        Shape shape = shaped.pinned(i);
        if (pin != null && shape != null) {
          values[i] = Tensor.copyOf(outputs.get(i).type(), shape, pin, 0);
        } else {
          values[i] = Values.copy(unpinned.get(outputNames[i]).orElseThrow());
          more |= ShapedFeeds.canPin(values[i], outputs.get(i));
          follow &= hasEntries(values[i], entries);
        }
      }
      if (follow) {
        prove(entries);
      } else if (joins) {
        model.runRowsAlone();
      }
      if (more && model.isPredictable()) {
        feeds.pinNext(shaped, row, entries, values);
      }
      return Tensors.adopt(outputNames, values);
    }
  }

  /** False, with nothing answered, if the answers cannot be told apart, or not be trusted yet. */
  private boolean answerTogether(List<? extends Tensors> rows, int from, int to)
      throws OrtException {
    Tensors first = rows.get(from);
    long entries = 0;
    for (int row = from; row < to; row++) {
      entries += TensorsModel.entries(inputs, rows.get(row));
    }
    if (!isProven(entries)) {
      return false;
    }
    ShapedFeed shaped = feeds.feed(first, entries);
    shaped.write(rows, from, to);
    OrtSession.Result result;
    try {
      result = infer(shaped);
    } catch (OrtException e) {
      termination.check(e);
      shaped = feeds.unpinned(e, shaped, first, entries);
      shaped.write(rows, from, to);
      result = infer(shaped);
      feeds.giveUpPinning(shaped);
    }
    try (OrtSession.Result unpinned = result) {
      Tensor[] whole = new Tensor[outputs.size()];
      for (int i = 0; i < whole.length; i++) {
        if (shaped.pin(i) == null) {
          ModelValue value = Values.copy(unpinned.get(outputNames[i]).orElseThrow());
          if (!hasEntries(value, entries)) {
            model.runRowsAlone();
            return false;
          }
          whole[i] = (Tensor) value;
        }
      }
      split(shaped, whole, rows.subList(from, to), entries);
      return true;
    }
  }

  private void split(
      ShapedFeed shaped, @Nullable Tensor[] whole, List<? extends Tensors> rows, long entries) {
    long at = 0;
    for (Tensors row : rows) {
      long mine = TensorsModel.entries(inputs, row);
      ModelValue[] values = new ModelValue[whole.length];
      for (int i = 0; i < values.length; i++) {
        Tensor tensor = whole[i];
        ByteBuffer pin = shaped.pin(i);
        Shape all = tensor == null ? Objects.requireNonNull(shaped.pinned(i)) : tensor.shape();
        ByteBuffer bytes = tensor == null ? Objects.requireNonNull(pin) : tensor.bytes();
        long[] dims = all.dims();
        dims[0] = mine;
        int offset = (int) (at * (bytes.capacity() / entries));
        values[i] = Tensor.copyOf(outputs.get(i).type(), Shape.of(dims), bytes, offset);
      }
      outcomes.add(Outcome.of(Tensors.adopt(outputNames, values)));
      at += mine;
    }
  }

  private static boolean hasEntries(ModelValue value, long entries) {
    return value instanceof Tensor tensor
        && tensor.shape().rank() > 0
        && tensor.shape().dim(0) == entries;
  }

  private OrtSession.Result infer(ShapedFeed shaped) throws OrtException {
    termination.check();
    return shaped.feed.run(termination.options());
  }

  @Override
  public void cancel() {
    termination.terminate();
  }

  @Override
  public void close() {
    feeds.close();
    termination.close();
  }
}
