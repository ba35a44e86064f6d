package dev.inflight.onnx;

import ai.onnxruntime.OrtException;
import dev.inflight.Lane;
import dev.inflight.tensor.DataType;
import dev.inflight.tensor.RowBuffers;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.ValueSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A codec runner's part of the lane's memory, and the tensors over it, one feed per number of rows.
 *
 * <p>Invariant: {@code feeds} holds tensors over the block of {@code rows} only; another block,
 * because some model of the lane needed a larger one, drops them all.
 */
final class CodecMemory implements AutoCloseable {
  /** More batch sizes than a batcher uses; beyond it all go. */
  private static final int MAX_FEEDS = 64;

  private final OnnxModel model;
  private final LaneRows rows;
  private final RowBuffers in;
  private final RowBuffers out;
  private final OutputRows answers;
  private final ValueSpec[] inputs;
  private final List<ValueSpec> outputs;
  private final boolean[] text;
  private final boolean anyText;
  private final boolean direct;
  private final Map<Integer, Feed> feeds = new HashMap<>();

  /** With {@code direct}, rows lie where native code reads them; else each run gives its inputs. */
  CodecMemory(
      OnnxModel model,
      Lane lane,
      RowBuffers in,
      RowBuffers out,
      OutputRows answers,
      boolean direct) {
    this.model = model;
    rows = new LaneRows(lane, in, out);
    this.in = in;
    this.out = out;
    this.answers = answers;
    this.direct = direct;
    inputs = model.signature().inputs().toArray(new ValueSpec[0]);
    outputs = model.signature().outputs();
    text = new boolean[inputs.length];
    boolean any = false;
    for (int i = 0; i < text.length; i++) {
      text[i] = inputs[i].type() == DataType.STRING;
      any |= text[i];
    }
    anyText = any;
  }

  /** Makes room for that many rows; keeps everything where it is as long as there is room. */
  void place(int n) {
    if (rows.place(n)) {
      dropFeeds();
    }
  }

  /** The feed for {@code n} rows, with pinned outputs where they are known to follow. */
  Feed feed(int n) throws OrtException {
    Feed feed = feeds.get(n);
    if (feed == null || feed.isStale()) {
      feed = make(n, true);
    }
    if (direct && anyText) {
      feedText(feed, n);
    }
    return feed;
  }

  /** Once: for rows whose outputs were expected in another shape. */
  Feed feedUnpinned(int n) throws OrtException {
    Feed feed = make(n, false);
    feed.stale();
    if (direct && anyText) {
      feedText(feed, n);
    }
    return feed;
  }

  private Feed make(int n, boolean pinned) throws OrtException {
    if (feeds.size() >= MAX_FEEDS) {
      dropFeeds();
    }
    Feed feed = new Feed(model);
    Feed before = feeds.put(n, feed);
    if (before != null) {
      before.close();
    }
    for (int i = 0; i < inputs.length; i++) {
      if (direct && !text[i]) {
        ValueSpec spec = inputs[i];
        feed.input(spec.name(), spec.type(), shape(spec, n), part(in, i, spec, n));
      }
    }
    for (int i = 0; i < outputs.size(); i++) {
      ValueSpec spec = outputs.get(i);
      if (pinned && answers.isPinnable(i)) {
        feed.pin(spec.name(), spec.type(), shape(spec, n), part(out, i, spec, n));
      }
    }
    return feed;
  }

  /** Strings live in native memory, so they are made anew for each run. */
  private void feedText(Feed feed, int n) throws OrtException {
    for (int i = 0; i < inputs.length; i++) {
      if (text[i]) {
        Shape shape = shape(inputs[i], n);
        String[] strings = Arrays.copyOf(in.strings(i), (int) shape.elements());
        feed.strings(inputs[i].name(), shape, strings);
      }
    }
  }

  private static Shape shape(ValueSpec spec, int n) {
    return spec.isBatched() ? Feed.whole(spec.rowShape(), n) : spec.shape();
  }

  private static ByteBuffer part(RowBuffers buffers, int i, ValueSpec spec, int n) {
    int bytes = (int) spec.type().bytes(shape(spec, n).elements());
    return buffers.region(i).slice(0, bytes).order(ByteOrder.nativeOrder());
  }

  void dropFeeds() {
    feeds.values().forEach(Feed::close);
    feeds.clear();
  }

  @Override
  public void close() {
    dropFeeds();
  }
}
