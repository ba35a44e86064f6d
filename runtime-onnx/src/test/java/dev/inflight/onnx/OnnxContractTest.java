package dev.inflight.onnx;

import dev.inflight.ModelLoader;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import dev.inflight.testkit.BackendContract;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

class OnnxContractTest extends BackendContract<Tensors, Tensors> {
  @Override
  protected ModelLoader<Tensors, Tensors> loader() {
    return OnnxLoader.tensors();
  }

  @Override
  protected Path modelDirectory() {
    // Without the test data beside it, which is not part of the model.
    return Path.of(System.getProperty("inflight.root"), "testmodels/onnx/logistic/model.onnx")
        .getParent();
  }

  private static Tensors row(float a, float b, float c, float d) {
    return Tensors.of("features", Tensor.of(new float[] {a, b, c, d}, 1, 4));
  }

  @Override
  protected List<Tensors> rows() {
    return List.of(
        row(5.1f, 3.5f, 1.4f, 0.2f), row(6.0f, 2.7f, 4.2f, 1.3f), row(6.9f, 3.1f, 5.8f, 2.1f));
  }

  @Override
  protected Optional<Tensors> invalidRow() {
    return Optional.of(Tensors.of("features", Tensor.of(new float[] {1, 2, 3}, 1, 3)));
  }

  @Override
  protected Optional<Tensors> nanRow() {
    return Optional.of(row(Float.NaN, 3.5f, 1.4f, 0.2f));
  }
}
