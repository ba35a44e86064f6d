package dev.inflight;

import dev.inflight.tensor.Signature;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;

/** A predictor for users' tests: runs on the caller, fails as a real one would. */
final class FunctionPredictor<I, O> implements Predictor<I, O> {
  private static final ModelInfo INFO =
      new ModelInfo("function", "1", "java", new Signature(List.of(), List.of()), "", Map.of());

  private final Function<? super I, ? extends O> model;
  private final AtomicLong calls = new AtomicLong();

  FunctionPredictor(Function<? super I, ? extends O> model) {
    this.model = model;
  }

  @Override
  public Prediction<O> call(I row, CallOptions options) {
    try {
      return new Prediction<>(model.apply(row), INFO, calls.incrementAndGet());
    } catch (InferenceException e) {
      throw e;
    } catch (RuntimeException e) {
      throw new PredictionFailedException(INFO.label() + " failed: " + e, e);
    }
  }

  @Override
  public CompletableFuture<Prediction<O>> submit(I row, CallOptions options) {
    try {
      return CompletableFuture.completedFuture(call(row, options));
    } catch (InferenceException e) {
      return CompletableFuture.failedFuture(e);
    }
  }

  @Override
  public List<O> predictAll(List<? extends I> rows) {
    List<O> answers = new ArrayList<>(rows.size());
    for (I row : rows) {
      answers.add(predict(row));
    }
    return answers;
  }

  @Override
  public BulkProgress predictAll(
      Iterator<? extends I> rows, CallOptions options, BulkSink<? super O> sink) {
    long begin = System.nanoTime();
    long count = 0;
    long failed = 0;
    while (rows.hasNext()) {
      Outcome<O> outcome = outcome(rows.next());
      failed += outcome.succeeded() ? 0 : 1;
      Bulk.accept(sink, count++, outcome);
    }
    BulkProgress all =
        new BulkProgress(count, failed, Duration.ofNanos(System.nanoTime() - begin), INFO);
    sink.progress(all);
    return all;
  }

  private Outcome<O> outcome(I row) {
    try {
      return Outcome.of(predict(row));
    } catch (InferenceException e) {
      return Outcome.failed(e);
    }
  }
}
