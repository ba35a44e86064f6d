package dev.inflight.onnx;

import ai.onnxruntime.OrtException;
import dev.inflight.Lane;
import dev.inflight.Model;
import dev.inflight.ModelInfo;
import dev.inflight.Runner;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import dev.inflight.tensor.ValueSpec;
import java.util.List;

/**
 * A model whose rows are tensors as the model has them. Such a row may stand for several; two of
 * them share a run as one longer row where every input and output says by name that dimension 0 is
 * rows. Models with text never do: their tensors are no bytes to put together.
 */
record TensorsModel(OnnxModel model) implements Model<Tensors, Tensors> {
  @Override
  public ModelInfo info() {
    return model.info();
  }

  @Override
  public Runner<Tensors, Tensors> newRunner(Lane lane) throws OrtException {
    return model.compiled().isPresent()
        ? new CompiledTensorsRunner(model, model.compiled().get(), lane)
        : new TensorsRunner(model, lane);
  }

  @Override
  public void validate(Tensors row) {
    model.check().check(row);
  }

  @Override
  public int maxBatch() {
    return model.joinsTensors() ? model.maxBatch() : 1;
  }

  @Override
  public boolean batchesWith(Tensors row, Tensors other) {
    return model.joinsTensors() && join(model.signature().inputs(), row, other);
  }

  /** {@return whether the shapes differ in dimension 0 at most, and neither has a zero there} */
  static boolean join(List<ValueSpec> inputs, Tensors row, Tensors other) {
    for (int i = 0; i < inputs.size(); i++) {
      Tensor a = ShapedFeed.tensor(inputs, row, i);
      Tensor b = ShapedFeed.tensor(inputs, other, i);
      if (a == null
          || b == null
          || a.shape().isEmpty()
          || b.shape().isEmpty()
          || !ShapedFeed.sameEntry(a.shape(), b.shape())) {
        return false;
      }
    }
    return true;
  }

  /** {@return dimension 0 of a row of a model whose inputs are all batched} */
  static long entries(List<ValueSpec> inputs, Tensors row) {
    Tensor first = ShapedFeed.tensor(inputs, row, 0);
    return first == null ? -1 : first.shape().dim(0);
  }

  @Override
  public int rows(Tensors row) {
    if (!model.isBatched()) {
      return 1;
    }
    long entries = entries(model.signature().inputs(), row);
    return (int) Math.min(Math.max(entries, 1), Integer.MAX_VALUE);
  }

  @Override
  public long bytes(Tensors row) {
    long sum = 0;
    for (int i = 0; i < row.size(); i++) {
      if (row.value(i) instanceof Tensor tensor) {
        sum += tensor.type().bytes(tensor.shape().elements());
      }
    }
    return sum;
  }

  @Override
  public long memoryBytes() {
    return model.memoryBytes();
  }

  @Override
  public void close() {
    model.close();
  }
}
