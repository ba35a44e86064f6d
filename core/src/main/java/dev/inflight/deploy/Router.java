package dev.inflight.deploy;

import dev.inflight.BulkProgress;
import dev.inflight.BulkSink;
import dev.inflight.CallOptions;
import dev.inflight.Prediction;
import dev.inflight.Predictor;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The predictor of a deployment: what serves answers, and while two versions are compared some
 * calls are shown to both. Costs one read where nothing is compared. Bulk calls are never compared.
 */
final class Router<I, O> implements Predictor<I, O> {
  private final Predictor<I, O> serving;
  private volatile @Nullable SideBySide<I, O> comparison;

  Router(Predictor<I, O> serving) {
    this.serving = serving;
  }

  /** From now on calls are compared so; null: not. */
  void compare(@Nullable SideBySide<I, O> next) {
    comparison = next;
  }

  @Override
  public O predict(I row) {
    SideBySide<I, O> now = comparison;
    return now == null
        ? serving.predict(row)
        : now.call(row, CallOptions.defaults(), serving).value();
  }

  @Override
  public O predict(I row, CallOptions options) {
    SideBySide<I, O> now = of(options);
    return now == null ? serving.predict(row, options) : now.call(row, options, serving).value();
  }

  @Override
  public Prediction<O> call(I row, CallOptions options) {
    SideBySide<I, O> now = of(options);
    return now == null ? serving.call(row, options) : now.call(row, options, serving);
  }

  @Override
  public CompletableFuture<Prediction<O>> submit(I row, CallOptions options) {
    SideBySide<I, O> now = of(options);
    return now == null ? serving.submit(row, options) : now.submit(row, options, serving);
  }

  /** A call that asks for a version gets that one. */
  private @Nullable SideBySide<I, O> of(CallOptions options) {
    return options.version().isPresent() ? null : comparison;
  }

  @Override
  public List<O> predictAll(List<? extends I> rows) {
    return serving.predictAll(rows);
  }

  @Override
  public BulkProgress predictAll(
      Iterator<? extends I> rows, CallOptions options, BulkSink<? super O> sink) {
    return serving.predictAll(rows, options, sink);
  }
}
