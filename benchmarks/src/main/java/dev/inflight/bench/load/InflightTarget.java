package dev.inflight.bench.load;

import dev.inflight.Predictor;
import dev.inflight.bench.call.Serving;
import dev.inflight.bench.model.BenchModel;
import java.io.IOException;

/** Ours, a lane for each core. */
final class InflightTarget implements Target {
  private final Serving<float[], float[]> serving;
  private final Predictor<float[], float[]> predictor;

  InflightTarget(BenchModel model) throws IOException {
    serving = Serving.codec(model, Runtime.getRuntime().availableProcessors());
    predictor = serving.predictor();
  }

  @Override
  public Caller newCaller() {
    return predictor::predict;
  }

  @Override
  public void submit(float[] row, Completion then) {
    var unused = predictor.submit(row).whenComplete((answer, failure) -> then.done(failure));
  }

  @Override
  public void close() {
    serving.close();
  }
}
