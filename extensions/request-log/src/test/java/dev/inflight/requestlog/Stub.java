package dev.inflight.requestlog;

import dev.inflight.BulkProgress;
import dev.inflight.BulkSink;
import dev.inflight.CallOptions;
import dev.inflight.Prediction;
import dev.inflight.Predictor;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Answers nothing but what a subclass does. */
class Stub<I, O> implements Predictor<I, O> {
  @Override
  public Prediction<O> call(I row, CallOptions options) {
    throw new UnsupportedOperationException();
  }

  @Override
  public CompletableFuture<Prediction<O>> submit(I row, CallOptions options) {
    throw new UnsupportedOperationException();
  }

  @Override
  public List<O> predictAll(List<? extends I> rows) {
    throw new UnsupportedOperationException();
  }

  @Override
  public BulkProgress predictAll(
      Iterator<? extends I> rows, CallOptions options, BulkSink<? super O> sink) {
    throw new UnsupportedOperationException();
  }
}
