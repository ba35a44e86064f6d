package dev.inflight.spring;

import dev.inflight.BulkProgress;
import dev.inflight.BulkSink;
import dev.inflight.CallOptions;
import dev.inflight.Prediction;
import dev.inflight.Predictor;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/** Gives a timeout to calls that have none; bulk calls wait as long as they must. */
record TimedPredictor<I, O>(Predictor<I, O> predictor, Duration timeout)
    implements Predictor<I, O> {
  @Override
  public Prediction<O> call(I row, CallOptions options) {
    return predictor.call(row, timed(options));
  }

  @Override
  public CompletableFuture<Prediction<O>> submit(I row, CallOptions options) {
    return predictor.submit(row, timed(options));
  }

  private CallOptions timed(CallOptions options) {
    return options.timeout().isPresent() ? options : options.withTimeout(timeout);
  }

  @Override
  public List<O> predictAll(List<? extends I> rows) {
    return predictor.predictAll(rows);
  }

  @Override
  public BulkProgress predictAll(
      Iterator<? extends I> rows, CallOptions options, BulkSink<? super O> sink) {
    return predictor.predictAll(rows, options, sink);
  }
}
