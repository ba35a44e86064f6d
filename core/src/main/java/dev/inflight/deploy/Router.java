package dev.inflight.deploy;

import dev.inflight.BulkProgress;
import dev.inflight.BulkSink;
import dev.inflight.CallOptions;
import dev.inflight.ModelUnavailableException;
import dev.inflight.Prediction;
import dev.inflight.Predictor;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * The predictor of a deployment: what serves answers, and while two versions are compared some
 * calls are shown to both. Costs one read where nothing is compared, and one more where it may be
 * unloaded. Bulk calls are never compared.
 *
 * <p>Invariant: an absence is seen here before the slot is empty, until it is not any more: who
 * finds the slot empty finds the absence, or may try once more.
 */
final class Router<I, O> implements Predictor<I, O> {
  private final Predictor<I, O> serving;
  private final @Nullable LastUse use;
  private volatile @Nullable SideBySide<I, O> comparison;
  private volatile @Nullable Absence<I, O> absence;
  private volatile boolean wasAbsent;

  /**
   * @param use stamped by every call, if anybody asks for it
   */
  Router(Predictor<I, O> serving, @Nullable LastUse use) {
    this.serving = serving;
    this.use = use;
  }

  /** From now on calls meet that; null: what serves. */
  void absent(@Nullable Absence<I, O> next) {
    wasAbsent |= next != null; // written under the deployment's lock only
    absence = next;
  }

  @Nullable Absence<I, O> absence() {
    return absence;
  }

  private void touch() {
    LastUse its = use;
    if (its != null) {
      its.touch();
    }
  }

  /** Until it is answered, or refused for a reason: what serves may be unloaded once more. */
  private <T> T again(
      ModelUnavailableException first, CallOptions options, Function<CallOptions, T> call) {
    ModelUnavailableException e = first;
    CallOptions left = options;
    while (true) {
      left = afterAbsence(e, left);
      try {
        return call.apply(left);
      } catch (ModelUnavailableException next) {
        e = next;
      }
    }
  }

  /** {@return the options for another try} Throws what the call is to throw. */
  private CallOptions afterAbsence(ModelUnavailableException e, CallOptions options) {
    Absence<I, O> now = absence;
    if (e.reason() == ModelUnavailableException.Reason.CLOSED) {
      throw e;
    }
    if (now != null && now.concerns(options)) {
      return now.await(options);
    }
    if (e.reason() == ModelUnavailableException.Reason.NOT_READY && wasAbsent) {
      return options; // it is over since
    }
    throw e;
  }

  /** For calls that are not to wait. */
  private void requirePresent(CallOptions options) {
    Absence<I, O> now = absence;
    if (now != null && now.concerns(options)) {
      throw now.refusal();
    }
  }

  /** From now on calls are compared so; null: not. */
  void compare(@Nullable SideBySide<I, O> next) {
    comparison = next;
  }

  @Override
  public O predict(I row) {
    touch();
    SideBySide<I, O> now = comparison;
    try {
      return now == null
          ? serving.predict(row)
          : now.call(row, CallOptions.defaults(), serving).value();
    } catch (ModelUnavailableException e) {
      return again(e, CallOptions.defaults(), left -> serving.predict(row, left));
    }
  }

  @Override
  public O predict(I row, CallOptions options) {
    touch();
    SideBySide<I, O> now = of(options);
    try {
      return now == null ? serving.predict(row, options) : now.call(row, options, serving).value();
    } catch (ModelUnavailableException e) {
      return again(e, options, left -> serving.predict(row, left));
    }
  }

  @Override
  public Prediction<O> call(I row, CallOptions options) {
    touch();
    SideBySide<I, O> now = of(options);
    try {
      return now == null ? serving.call(row, options) : now.call(row, options, serving);
    } catch (ModelUnavailableException e) {
      return again(e, options, left -> serving.call(row, left));
    }
  }

  @Override
  public CompletableFuture<Prediction<O>> submit(I row, CallOptions options) {
    touch();
    requirePresent(options);
    SideBySide<I, O> now = of(options);
    return now == null ? serving.submit(row, options) : now.submit(row, options, serving);
  }

  /** A call that asks for a version gets that one. */
  private @Nullable SideBySide<I, O> of(CallOptions options) {
    return options.version().isPresent() ? null : comparison;
  }

  @Override
  public List<O> predictAll(List<? extends I> rows) {
    requirePresent(CallOptions.defaults());
    enter();
    try {
      return serving.predictAll(rows);
    } finally {
      leave();
    }
  }

  @Override
  public BulkProgress predictAll(
      Iterator<? extends I> rows, CallOptions options, BulkSink<? super O> sink) {
    requirePresent(options);
    enter();
    try {
      return serving.predictAll(rows, options, sink);
    } finally {
      leave();
    }
  }

  private void enter() {
    LastUse its = use;
    if (its != null) {
      its.enter();
    }
  }

  private void leave() {
    LastUse its = use;
    if (its != null) {
      its.leave();
    }
  }
}
