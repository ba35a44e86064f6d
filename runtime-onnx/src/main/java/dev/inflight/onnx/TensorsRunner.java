package dev.inflight.onnx;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.inflight.Lane;
import dev.inflight.Outcome;
import dev.inflight.Runner;
import dev.inflight.tensor.DataType;
import dev.inflight.tensor.ModelValue;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import dev.inflight.tensor.ValueSpec;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
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
  /** Services call with few shapes, and batches are of few sizes; the oldest goes. */
  private static final int MAX_SHAPES = 64;

  private final OnnxModel model;
  private final Lane lane;
  private final List<ValueSpec> inputs;
  private final List<ValueSpec> outputs;
  private final String[] outputNames;
  private final boolean joins;
  private final Termination termination;
  private final List<ShapedFeed> feeds = new ArrayList<>();
  private final List<Outcome<Tensors>> outcomes = new ArrayList<>();

  /** Up to two numbers of entries, not the same, for which a single row's outputs had as many. */
  private long proven;

  private long provenToo;

  TensorsRunner(OnnxModel model, Lane lane) throws OrtException {
    this.model = model;
    this.lane = lane;
    inputs = model.signature().inputs();
    outputs = model.signature().outputs();
    outputNames = model.outputNames().toArray(new String[0]);
    joins = model.joinsTensors();
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
    ShapedFeed shaped = feed(row, entries);
    shaped.write(row);
    OrtSession.Result result;
    try {
      result = infer(shaped);
    } catch (OrtException e) {
      shaped = unpinned(e, shaped, row, entries);
      shaped.write(row);
      result = infer(shaped);
      giveUpPinning(shaped);
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
          more |= canPin(values[i], outputs.get(i));
          follow &= hasEntries(values[i], entries);
        }
      }
      if (follow) {
        prove(entries);
      } else if (joins) {
        model.runRowsAlone();
      }
      if (more && model.isPredictable()) {
        pinNext(shaped, row, entries, values);
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
    ShapedFeed shaped = feed(first, entries);
    shaped.write(rows, from, to);
    OrtSession.Result result;
    try {
      result = infer(shaped);
    } catch (OrtException e) {
      shaped = unpinned(e, shaped, first, entries);
      shaped.write(rows, from, to);
      result = infer(shaped);
      giveUpPinning(shaped);
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
        Shape all =
            tensor == null ? java.util.Objects.requireNonNull(shaped.pinned(i)) : tensor.shape();
        ByteBuffer bytes = tensor == null ? java.util.Objects.requireNonNull(pin) : tensor.bytes();
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

  /** The same without pinned outputs, if those may be why the run failed. */
  private ShapedFeed unpinned(OrtException e, ShapedFeed failed, Tensors row, long entries)
      throws OrtException {
    termination.check(e);
    if (!failed.isAnyPinned() || !Feed.isShapeProblem(e)) {
      throw e;
    }
    forget(failed);
    return make(row, entries, new Shape[outputs.size()]);
  }

  /** The shape of an output depends on more than the inputs' shapes. */
  private void giveUpPinning(ShapedFeed current) {
    model.giveUpPinning();
    for (ShapedFeed feed : feeds) {
      if (feed != current) {
        feed.close();
      }
    }
    feeds.clear();
    feeds.add(current);
  }

  private ShapedFeed feed(Tensors row, long entries) throws OrtException {
    for (int f = feeds.size() - 1; f >= 0; f--) {
      ShapedFeed shaped = feeds.get(f);
      if (shaped.fits(row, entries)) {
        if (shaped.isIn(lane.memory(shaped.size()))) {
          return shaped;
        }
        forget(shaped);
        break;
      }
    }
    @Nullable Shape[] pinned = new Shape[outputs.size()];
    for (int i = 0; i < pinned.length; i++) {
      ValueSpec spec = outputs.get(i);
      if (joins && entries > 0 && model.isPredictable() && spec.rowShape().isFixed()) {
        pinned[i] = Feed.whole(spec.rowShape(), (int) entries);
      }
    }
    return make(row, entries, pinned);
  }

  /** A feed for rows like {@code row} that pins the outputs whose shape is given. */
  private ShapedFeed make(Tensors row, long entries, @Nullable Shape[] pinned) throws OrtException {
    @Nullable Shape[] shapes = new Shape[inputs.size()];
    for (int i = 0; i < shapes.length; i++) {
      Tensor tensor = ShapedFeed.tensor(inputs, row, i);
      if (tensor != null) {
        long[] dims = tensor.shape().dims();
        if (entries >= 0) {
          dims[0] = entries;
        }
        shapes[i] = Shape.of(dims);
      }
    }
    long size = ShapedFeed.bytes(inputs, shapes) + ShapedFeed.bytes(outputs, pinned);
    if (feeds.size() >= MAX_SHAPES) {
      forget(feeds.get(0));
    }
    ShapedFeed shaped = new ShapedFeed(model, shapes, pinned, lane.memory(size));
    feeds.add(shaped);
    return shaped;
  }

  private void forget(ShapedFeed shaped) {
    feeds.remove(shaped);
    shaped.close();
  }

  private static boolean canPin(ModelValue value, ValueSpec spec) {
    return value instanceof Tensor tensor
        && tensor.type() != DataType.STRING
        && tensor.type() == spec.type()
        && spec.shape().accepts(tensor.shape()) // else ONNX Runtime refuses its own shape
        && !tensor.shape().isEmpty()
        && Values.isJavaType(tensor.type());
  }

  /**
   * The same inputs usually give the same output shapes: the next run of these shapes writes
   * straight into our memory.
   */
  private void pinNext(ShapedFeed shaped, Tensors row, long entries, ModelValue[] values)
      throws OrtException {
    @Nullable Shape[] shapes = new Shape[values.length];
    for (int i = 0; i < shapes.length; i++) {
      shapes[i] = canPin(values[i], outputs.get(i)) ? ((Tensor) values[i]).shape() : null;
    }
    forget(shaped);
    make(row, entries, shapes);
  }

  @Override
  public void cancel() {
    termination.terminate();
  }

  @Override
  public void close() {
    feeds.forEach(ShapedFeed::close);
    feeds.clear();
    termination.close();
  }
}
