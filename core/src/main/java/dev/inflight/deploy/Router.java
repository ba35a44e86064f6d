package dev.inflight.deploy;

import dev.inflight.BulkProgress;
import dev.inflight.BulkSink;
import dev.inflight.CallEnd;
import dev.inflight.CallOptions;
import dev.inflight.ModelUnavailableException;
import dev.inflight.ModelUnavailableException.Reason;
import dev.inflight.Prediction;
import dev.inflight.Predictor;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;
import java.util.function.ObjIntConsumer;
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
  private final ObjIntConsumer<CallEnd> ended;
  private final @Nullable LastUse use;
  private volatile @Nullable SideBySide<I, O> comparison;
  private volatile @Nullable Absence<I, O> absence;
  private volatile boolean wasAbsent;

  /**
   * @param ended counts predictions that end here; a negative number takes back what the slot
   *     counted of calls that are tried again
   * @param use stamped by every call, if anybody asks for it
   */
  Router(Predictor<I, O> serving, ObjIntConsumer<CallEnd> ended, @Nullable LastUse use) {
    this.serving = serving;
    this.ended = ended;
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

  /**
   * While what serves is unloaded, or was just now: waits as long as the call may, and then asks
   * the slot. It is counted once, as it ends.
   */
  private <T> T route(CallOptions options, Function<CallOptions, T> call) {
    CallOptions left = options;
    while (true) {
      Absence<I, O> now = absence;
      if (now != null && now.concerns(left) && left.timeout().isPresent()) {
        left = await(now, left);
      }
      try {
        return call.apply(left);
      } catch (ModelUnavailableException e) {
        requireComing(e, left);
      }
    }
  }

  private CallOptions await(Absence<I, O> now, CallOptions options) {
    try {
      return now.await(options);
    } catch (ModelUnavailableException e) {
      ended.accept(CallEnd.UNAVAILABLE, 1);
      throw e;
    } catch (CancellationException e) {
      ended.accept(CallEnd.CANCELLED, 1);
      throw e;
    }
  }

  /** Throws what the call is to throw, which the slot has counted, unless it is to try again. */
  private void requireComing(ModelUnavailableException e, CallOptions options) {
    Absence<I, O> now = absence;
    if (e.reason() == Reason.CLOSED) {
      throw e;
    }
    if (now != null && now.concerns(options)) {
      if (options.timeout().isEmpty()) {
        throw now.refusal();
      }
    } else if (e.reason() != Reason.NOT_READY || !wasAbsent) {
      throw e;
    }
    ended.accept(CallEnd.UNAVAILABLE, -1);
  }

  /** For calls that are not to wait, of so many rows. */
  private void requirePresent(CallOptions options, int rows) {
    Absence<I, O> now = absence;
    if (now != null && now.concerns(options)) {
      ended.accept(CallEnd.UNAVAILABLE, rows);
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
    if (absence == null) {
      try {
        return now == null
            ? serving.predict(row)
            : now.call(row, CallOptions.defaults(), serving).value();
      } catch (ModelUnavailableException e) {
        requireComing(e, CallOptions.defaults());
      }
    }
    return route(CallOptions.defaults(), left -> serving.predict(row, left));
  }

  @Override
  public O predict(I row, CallOptions options) {
    touch();
    SideBySide<I, O> now = of(options);
    if (absence == null) {
      try {
        return now == null
            ? serving.predict(row, options)
            : now.call(row, options, serving).value();
      } catch (ModelUnavailableException e) {
        requireComing(e, options);
      }
    }
    return route(options, left -> serving.predict(row, left));
  }

  @Override
  public Prediction<O> call(I row, CallOptions options) {
    touch();
    SideBySide<I, O> now = of(options);
    if (absence == null) {
      try {
        return now == null ? serving.call(row, options) : now.call(row, options, serving);
      } catch (ModelUnavailableException e) {
        requireComing(e, options);
      }
    }
    return route(options, left -> serving.call(row, left));
  }

  @Override
  public CompletableFuture<Prediction<O>> submit(I row, CallOptions options) {
    touch();
    requirePresent(options, 1);
    SideBySide<I, O> now = of(options);
    return now == null ? serving.submit(row, options) : now.submit(row, options, serving);
  }

  /** A call that asks for a version gets that one. */
  private @Nullable SideBySide<I, O> of(CallOptions options) {
    return options.version().isPresent() ? null : comparison;
  }

  @Override
  public List<O> predictAll(List<? extends I> rows) {
    requirePresent(CallOptions.defaults(), rows.size());
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
    requirePresent(options, 1);
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
