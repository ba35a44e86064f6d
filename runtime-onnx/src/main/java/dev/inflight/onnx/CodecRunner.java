package dev.inflight.onnx;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.inflight.Codec;
import dev.inflight.CodecRows;
import dev.inflight.InvalidInputException;
import dev.inflight.Lane;
import dev.inflight.Outcome;
import dev.inflight.Runner;
import dev.inflight.tensor.DataType;
import dev.inflight.tensor.ModelValue;
import dev.inflight.tensor.RowBuffers;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.ValueSpec;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One lane's runner for rows that go through a codec: the codec writes into the lane's memory, ONNX
 * Runtime reads it there and writes its answer beside it, the codec reads the answer there.
 *
 * <p>Invariant: {@code feeds} holds tensors over {@code block} only; another block, because some
 * model of the lane needed a larger one, drops them all.
 */
final class CodecRunner<I, O> implements Runner<I, O> {
  /** More batch sizes than a batcher uses; beyond it the oldest go. */
  private static final int MAX_FEEDS = 64;

  private final OnnxModel model;
  private final Lane lane;
  private final List<ValueSpec> inputs;
  private final List<ValueSpec> outputs;
  private final RowBuffers in;
  private final RowBuffers out;
  private final CodecRows<I, O> rows;
  private final Map<Integer, Feed> feeds = new HashMap<>();
  private final List<Outcome<O>> outcomes = new ArrayList<>();
  private final boolean batched;
  private final boolean[] followsRows;
  private @Nullable ByteBuffer block;
  private int capacity;

  CodecRunner(OnnxModel model, Codec.Bound<I, O> bound, Lane lane) {
    this.model = model;
    this.lane = lane;
    inputs = model.signature().inputs();
    outputs = model.signature().outputs();
    in = new RowBuffers(inputs);
    out = new RowBuffers(outputs);
    rows = new CodecRows<>(bound, in, out);
    batched = in.isFixed() && inputs.stream().allMatch(ValueSpec::isBatched) && !inputs.isEmpty();
    followsRows = new boolean[outputs.size()];
    for (int i = 0; i < followsRows.length; i++) {
      followsRows[i] = followsRows(outputs.get(i));
    }
  }

  /**
   * Declared so: a fixed shape, or a row dimension with the name of the inputs' one. Others are
   * learnt from the first run.
   */
  private boolean followsRows(ValueSpec spec) {
    if (spec.kind() != ValueSpec.Kind.TENSOR
        || spec.type() == DataType.STRING
        || !spec.rowShape().isFixed()) {
      return false;
    }
    if (!spec.isBatched()) {
      // Some exporters declare one row where they answer many: believe it only where there can be
      // no more.
      return !batched;
    }
    List<String> mine = model.graph().outputSymbols().get(model.graph().outputs().indexOf(spec));
    List<List<String>> theirs = model.graph().symbols();
    return !theirs.isEmpty()
        && !mine.isEmpty()
        && !mine.get(0).isEmpty()
        && !theirs.get(0).isEmpty()
        && mine.get(0).equals(theirs.get(0).get(0));
  }

  @Override
  public List<Outcome<O>> run(List<? extends I> all) throws OrtException {
    outcomes.clear();
    int step = batched ? all.size() : 1;
    for (int from = 0; from < all.size(); from += step) {
      runSome(all, from, Math.min(from + step, all.size()));
    }
    return outcomes;
  }

  private void runSome(List<? extends I> all, int from, int to) throws OrtException {
    place(to - from);
    int n = rows.encode(all, from, to);
    if (n > 0) {
      try {
        infer(n);
      } catch (InvalidInputException e) {
        for (int i = from; i < to; i++) {
          outcomes.add(Outcome.failed(e));
        }
        return;
      }
    }
    rows.decode(outcomes);
  }

  /** Makes room for that many rows; keeps everything where it is as long as there is room. */
  @SuppressWarnings("ReferenceEquality") // buffers are equal by content
  private void place(int n) {
    int wanted = Math.max(n, capacity);
    ByteBuffer memory = lane.memory(in.bytes(wanted) + out.bytes(wanted));
    if (memory == block && wanted == capacity) {
      return;
    }
    dropFeeds();
    in.place(memory, wanted);
    out.place(memory.slice((int) in.bytes(wanted), (int) out.bytes(wanted)), wanted);
    block = memory;
    capacity = wanted;
  }

  private void infer(int n) throws OrtException {
    Feed feed = feed(n);
    OrtSession.Result result;
    try {
      result = feed.run(null);
    } catch (OrtException e) {
      if (!model.isPredictable() || !Feed.isShapeProblem(e)) {
        throw e;
      }
      // An output that was expected to follow the rows did not: never pin again, and ask once more.
      model.giveUpPinning();
      dropFeeds();
      feed = feed(n);
      result = feed.run(null);
    }
    try (OrtSession.Result unpinned = result) {
      if (!feed.isAllPinned()) {
        read(feed, unpinned, n);
      }
    }
  }

  private void read(Feed feed, OrtSession.Result result, int n) throws OrtException {
    for (int i = 0; i < outputs.size(); i++) {
      ValueSpec spec = outputs.get(i);
      if (feed.isPinned(spec.name())) {
        continue;
      }
      ModelValue value = Values.copy(result.get(spec.name()).orElseThrow());
      out.set(i, value);
      if (model.isPredictable()
          && spec.isBatched()
          && spec.rowShape().isFixed()
          && spec.type() != DataType.STRING
          && value instanceof dev.inflight.tensor.Tensor tensor
          && tensor.shape().equals(whole(spec.rowShape(), n))) {
        followsRows[i] = true;
        feed.stale();
      }
    }
  }

  private Feed feed(int n) throws OrtException {
    Feed feed = feeds.get(n);
    if (feed != null && feed.isStale()) {
      feeds.remove(n);
      feed.close();
      feed = null;
    }
    if (feed == null) {
      if (feeds.size() >= MAX_FEEDS) {
        dropFeeds();
      }
      feed = new Feed(model);
      feeds.put(n, feed);
      for (int i = 0; i < inputs.size(); i++) {
        ValueSpec spec = inputs.get(i);
        if (isPlaced(spec)) {
          feed.input(spec.name(), spec.type(), whole(spec, spec.shape(), n), part(in, i, spec, n));
        }
      }
      for (int i = 0; i < outputs.size(); i++) {
        ValueSpec spec = outputs.get(i);
        if (followsRows[i] && model.isPredictable()) {
          feed.pin(spec.name(), spec.type(), whole(spec, spec.shape(), n), part(out, i, spec, n));
          out.reset(i);
        }
      }
    }
    feedOpenInputs(feed, n);
    return feed;
  }

  /** Inputs whose size or memory changes from row to row. */
  private void feedOpenInputs(Feed feed, int n) throws OrtException {
    for (int i = 0; i < inputs.size(); i++) {
      ValueSpec spec = inputs.get(i);
      boolean text = spec.type() == DataType.STRING;
      if (spec.optional() && !in.isWritten(i)) {
        feed.omit(spec.name());
      } else if (text || !isPlaced(spec)) {
        Shape row = in.rowShape(i);
        Shape shape = spec.isBatched() ? whole(row, n) : row;
        model.check().checkDims(spec, shape);
        if (text) {
          feed.strings(
              spec.name(), shape, java.util.Arrays.copyOf(in.strings(i), (int) shape.elements()));
        } else {
          int bytes = (int) spec.type().bytes(shape.elements());
          feed.input(spec.name(), spec.type(), shape, in.region(i).slice(0, bytes));
        }
      }
    }
  }

  private static boolean isPlaced(ValueSpec spec) {
    return spec.type() != DataType.STRING && spec.rowShape().isFixed() && !spec.optional();
  }

  private static ByteBuffer part(RowBuffers buffers, int i, ValueSpec spec, int n) {
    long elements = spec.rowShape().elements() * (spec.isBatched() ? n : 1);
    return buffers
        .region(i)
        .slice(0, (int) spec.type().bytes(elements))
        .order(java.nio.ByteOrder.nativeOrder());
  }

  private static Shape whole(ValueSpec spec, Shape declared, int n) {
    return spec.isBatched() ? whole(spec.rowShape(), n) : declared;
  }

  private static Shape whole(Shape row, int n) {
    long[] dims = new long[row.rank() + 1];
    dims[0] = n;
    System.arraycopy(row.dims(), 0, dims, 1, row.rank());
    return Shape.of(dims);
  }

  private void dropFeeds() {
    feeds.values().forEach(Feed::close);
    feeds.clear();
  }

  @Override
  public void close() {
    dropFeeds();
  }
}
