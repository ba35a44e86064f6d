package dev.inflight.onnx;

import ai.onnxruntime.OrtException;
import dev.inflight.Lane;
import dev.inflight.Model;
import dev.inflight.ModelInfo;
import dev.inflight.Runner;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;

/** A model whose rows are tensors as the model has them. */
record TensorsModel(OnnxModel model) implements Model<Tensors, Tensors> {
  @Override
  public ModelInfo info() {
    return model.info();
  }

  @Override
  public Runner<Tensors, Tensors> newRunner(Lane lane) throws OrtException {
    return new TensorsRunner(model, lane);
  }

  @Override
  public void validate(Tensors row) {
    model.check().check(row);
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
