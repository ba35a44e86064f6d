package dev.inflight.bench.load;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.inflight.bench.call.OrtFeed;
import dev.inflight.bench.model.BenchModel;

/** Every caller runs its own row on one shared session, with tensors of its own, ungated. */
final class DirectTarget implements Target {
  private final BenchModel model;
  private final OrtSession session;

  DirectTarget(BenchModel model) throws OrtException {
    this.model = model;
    session = OrtFeed.session(model);
  }

  @Override
  public Caller newCaller() {
    OrtFeed feed = new OrtFeed(model, session, 1);
    return new Caller() {
      @Override
      public float[] call(float[] row) throws OrtException {
        return feed.runOne(row);
      }

      @Override
      public void close() {
        feed.close();
      }
    };
  }

  @Override
  public void close() throws OrtException {
    session.close();
  }
}
