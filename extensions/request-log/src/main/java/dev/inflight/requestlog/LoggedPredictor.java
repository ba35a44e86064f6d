package dev.inflight.requestlog;

import dev.inflight.BulkProgress;
import dev.inflight.BulkSink;
import dev.inflight.CallOptions;
import dev.inflight.Prediction;
import dev.inflight.Predictor;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/** Writes down the calls that the sampler chooses; the others pass through untouched. */
final class LoggedPredictor<I, O> implements Predictor<I, O> {
  private final RequestLog log;
  private final String model;
  private final Predictor<I, O> predictor;
  private final Disclosure<I, O> disclosure;
  private final Sampler sampler;

  LoggedPredictor(
      RequestLog log,
      String model,
      Predictor<I, O> predictor,
      Disclosure<I, O> disclosure,
      Sampler sampler) {
    this.log = log;
    this.model = model;
    this.predictor = predictor;
    this.disclosure = disclosure;
    this.sampler = sampler;
  }

  @Override
  public O predict(I row) {
    Sampler.Place place = sampler.take();
    return place == null
        ? predictor.predict(row)
        : logged(row, CallOptions.defaults(), place).value();
  }

  @Override
  public O predict(I row, CallOptions options) {
    Sampler.Place place = sampler.take();
    return place == null ? predictor.predict(row, options) : logged(row, options, place).value();
  }

  @Override
  public Prediction<O> call(I row, CallOptions options) {
    Sampler.Place place = sampler.take();
    return place == null ? predictor.call(row, options) : logged(row, options, place);
  }

  private Prediction<O> logged(I row, CallOptions options, Sampler.Place place) {
    LogRecord record = log.begin(model, disclosure.row(), row);
    Prediction<O> prediction;
    try {
      prediction = predictor.call(row, options);
    } catch (RuntimeException | Error e) {
      place.put(log.failed(record, e));
      throw e;
    }
    place.put(log.answered(record, prediction, disclosure.answer()));
    return prediction;
  }

  @Override
  public CompletableFuture<Prediction<O>> submit(I row, CallOptions options) {
    Sampler.Place place = sampler.take();
    if (place == null) {
      return predictor.submit(row, options);
    }
    LogRecord record = log.begin(model, disclosure.row(), row);
    CompletableFuture<Prediction<O>> call;
    try {
      call = predictor.submit(row, options);
    } catch (RuntimeException | Error e) {
      place.put(log.failed(record, e));
      throw e;
    }
    return new LoggedFuture(call, record, place);
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

  /**
   * Ends when the call has ended and its answer is written down: what depends on it may change the
   * answer. Cancelling it cancels the call, and it is cancelled only if the call is.
   */
  private final class LoggedFuture extends CompletableFuture<Prediction<O>> {
    private final CompletableFuture<Prediction<O>> call;

    LoggedFuture(CompletableFuture<Prediction<O>> call, LogRecord record, Sampler.Place place) {
      this.call = call;
      var unused =
          call.whenComplete((prediction, failure) -> finish(record, place, prediction, failure));
    }

    private void finish(
        LogRecord record,
        Sampler.Place place,
        @Nullable Prediction<O> prediction,
        @Nullable Throwable failure) {
      if (prediction != null) {
        place.put(log.answered(record, prediction, disclosure.answer()));
        complete(prediction);
      } else if (failure != null) {
        Throwable why =
            failure instanceof CompletionException && failure.getCause() != null
                ? failure.getCause()
                : failure;
        place.put(log.failed(record, why));
        completeExceptionally(why);
      }
    }

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      return call.cancel(mayInterruptIfRunning) || isCancelled();
    }
  }
}
