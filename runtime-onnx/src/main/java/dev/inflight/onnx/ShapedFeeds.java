package dev.inflight.onnx;

import ai.onnxruntime.OrtException;
import dev.inflight.Lane;
import dev.inflight.tensor.DataType;
import dev.inflight.tensor.ModelValue;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import dev.inflight.tensor.ValueSpec;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The feeds of one runner, one per combination of input shapes.
 *
 * <p>Invariant: every feed that is handed out lies in the lane's current block. {@code entries} is
 * what dimension 0 of every input is to be, or -1 for what it is in the row.
 */
final class ShapedFeeds implements AutoCloseable {
  /** Services call with few shapes, and batches are of few sizes; the oldest goes. */
  private static final int MAX_SHAPES = 64;

  private final OnnxModel model;
  private final Lane lane;
  private final List<ValueSpec> inputs;
  private final List<ValueSpec> outputs;
  private final List<ShapedFeed> feeds = new ArrayList<>();

  ShapedFeeds(OnnxModel model, Lane lane) {
    this.model = model;
    this.lane = lane;
    inputs = model.signature().inputs();
    outputs = model.signature().outputs();
  }

  ShapedFeed feed(Tensors row, long entries) throws OrtException {
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
      if (entries > 0 && model.isPredictable() && spec.rowShape().isFixed()) {
        pinned[i] = Feed.whole(spec.rowShape(), (int) entries);
      }
    }
    return make(row, entries, pinned);
  }

  /** The same without pinned outputs, if those may be why the run failed. */
  ShapedFeed unpinned(OrtException e, ShapedFeed failed, Tensors row, long entries)
      throws OrtException {
    if (!failed.isAnyPinned() || !Feed.isShapeProblem(e)) {
      throw e;
    }
    forget(failed);
    return make(row, entries, new Shape[outputs.size()]);
  }

  /** The shape of an output depends on more than the inputs' shapes. */
  void giveUpPinning(ShapedFeed current) {
    model.giveUpPinning();
    feeds.remove(current);
    close();
    feeds.add(current);
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

  static boolean canPin(ModelValue value, ValueSpec spec) {
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
  void pinNext(ShapedFeed shaped, Tensors row, long entries, ModelValue[] values)
      throws OrtException {
    @Nullable Shape[] shapes = new Shape[values.length];
    for (int i = 0; i < shapes.length; i++) {
      shapes[i] = canPin(values[i], outputs.get(i)) ? ((Tensor) values[i]).shape() : null;
    }
    forget(shaped);
    make(row, entries, shapes);
  }

  @Override
  public void close() {
    feeds.forEach(ShapedFeed::close);
    feeds.clear();
  }
}
