package dev.inflight.onnx;

import ai.onnxruntime.OrtException;
import dev.inflight.Codec;
import dev.inflight.Lane;
import dev.inflight.Model;
import dev.inflight.ModelInfo;
import dev.inflight.Runner;

/**
 * A model whose rows go through a codec. Rows are checked where they are written, so there is
 * nothing to validate before.
 */
record CodecModel<I, O>(OnnxModel model, Codec.Bound<I, O> bound) implements Model<I, O> {
  @Override
  public ModelInfo info() {
    return model.info();
  }

  @Override
  public Runner<I, O> newRunner(Lane lane) throws OrtException {
    return model.compiled().isPresent()
        ? new CompiledRunner<>(model, model.compiled().get(), bound, lane)
        : new CodecRunner<>(model, bound, lane);
  }

  @Override
  public int maxBatch() {
    return model.maxBatch();
  }

  @Override
  public long memoryBytes() {
    return model.memoryBytes();
  }

  @Override
  public void close() {
    try {
      model.close();
    } finally {
      bound.close();
    }
  }
}
