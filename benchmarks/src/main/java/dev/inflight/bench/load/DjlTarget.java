package dev.inflight.bench.load;

import ai.djl.inference.Predictor;
import dev.inflight.bench.call.DjlModel;
import dev.inflight.bench.model.BenchModel;

/** DJL: one model, a predictor for each caller. */
final class DjlTarget implements Target {
  private final DjlModel djl;

  DjlTarget(BenchModel model) throws Exception {
    djl = new DjlModel(model);
  }

  @Override
  public Caller newCaller() {
    Predictor<float[], float[]> predictor = djl.predictor(1);
    return new Caller() {
      @Override
      public float[] call(float[] row) throws Exception {
        return predictor.predict(row);
      }

      @Override
      public void close() {
        predictor.close();
      }
    };
  }

  @Override
  public void close() {
    djl.close();
  }
}
