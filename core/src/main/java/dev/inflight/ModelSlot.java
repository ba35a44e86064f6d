package dev.inflight;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds the current version of one model. A run borrows the version for exactly as long as it
 * lasts; a version that was swapped out is closed once, on the reaper thread, after the last run
 * that uses it. Owns the models it is given.
 *
 * @param <I> a row
 * @param <O> an answer
 */
public final class ModelSlot<I, O> implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ModelSlot.class);

  /**
   * How long {@link #close()} waits for calls inside; long against a prediction, short against a
   * deployment's patience.
   */
  private static final Duration CLOSE_GRACE = Duration.ofSeconds(10);

  private final String name;
  private final Lanes lanes;
  private final Ticker ticker;
  private final Leasing<I, O> leasing;
  private final Predictor<I, O> predictor;
  private final ListenerRing listeners = new ListenerRing();
  private final ReentrantLock changes = new ReentrantLock();
  private final AtomicInteger waiting = new AtomicInteger();
  private volatile boolean closed;

  ModelSlot(String name, Lanes lanes, Ticker ticker, Leasing<I, O> leasing) {
    this.name = name;
    this.lanes = lanes;
    this.ticker = ticker;
    this.leasing = leasing;
    predictor = new SlotPredictor<>(this);
  }

  /** {@return a slot with that model, on the {@linkplain Lanes#shared() shared} lanes} */
  public static <I, O> ModelSlot<I, O> of(Model<I, O> model) {
    return of(model, Lanes.shared());
  }

  /** {@return a slot with that model on those lanes} */
  public static <I, O> ModelSlot<I, O> of(Model<I, O> model, Lanes lanes) {
    ModelSlot<I, O> slot = empty(model.info().name(), lanes);
    slot.leasing.swap(new Version<>(model, lanes.size()));
    return slot;
  }

  /**
   * {@return a slot without a model yet: calls throw {@link ModelUnavailableException} until the
   * first {@link #swap}}
   */
  public static <I, O> ModelSlot<I, O> empty(String name, Lanes lanes) {
    return new ModelSlot<>(name, lanes, Ticker.SYSTEM, new Leasing<>(lanes, Background::reap));
  }

  /** {@return the one predictor of this slot; it lives as long as the slot} */
  public Predictor<I, O> predictor() {
    return predictor;
  }

  /**
   * {@return what is current}
   *
   * @throws ModelUnavailableException if nothing is
   */
  public ModelInfo info() {
    return peek().info();
  }

  /**
   * Makes {@code next} current at once. Runs that have begun finish on the version they began with.
   *
   * @return completes with the version that was replaced, or with {@code next}'s own info if there
   *     was none, when the old one is closed; fails if its close failed
   * @throws ModelUnavailableException if the slot is closed; {@code next} then stays the caller's
   */
  public CompletableFuture<ModelInfo> swap(Model<I, O> next) {
    Version<I, O> before = publish(next, false);
    return before == null
        ? CompletableFuture.completedFuture(next.info())
        : before.ended().thenApply(Model::info);
  }

  /**
   * Takes the model out and leaves the slot empty, without closing the model.
   *
   * @return completes with the model, which is the caller's, when nothing uses it any more
   * @throws ModelUnavailableException if there is none
   */
  public CompletableFuture<Model<I, O>> take() {
    peek();
    return giveBack(null);
  }

  /**
   * As {@link #swap}, but the old model is not closed.
   *
   * @return completes with the old model, which is the caller's, when nothing uses it any more
   * @throws ModelUnavailableException if there is none
   */
  public CompletableFuture<Model<I, O>> replace(Model<I, O> next) {
    peek();
    return giveBack(next);
  }

  private CompletableFuture<Model<I, O>> giveBack(@Nullable Model<I, O> next) {
    Version<I, O> before = publish(next, true);
    if (before == null) {
      throw unavailable();
    }
    return before.ended();
  }

  private @Nullable Version<I, O> publish(@Nullable Model<I, O> next, boolean keepOld) {
    changes.lock();
    try {
      if (closed) {
        throw unavailable();
      }
      Version<I, O> before = leasing.current();
      if (before != null) {
        before.keepModel(keepOld);
      }
      leasing.swap(next == null ? null : new Version<>(next, lanes.size()));
      return before;
    } finally {
      changes.unlock();
    }
  }

  /** Adds a listener for every call through this slot; closing what is returned removes it. */
  public AutoCloseable listen(InferenceListener listener) {
    return listeners.add(listener);
  }

  /**
   * Refuses new calls, waits for those inside, then closes the model. What still hangs after 10 s
   * is left alone, with a warning, and its model with it: a native session is never closed under a
   * run. Does nothing the second time.
   */
  @Override
  public void close() {
    Version<I, O> last;
    changes.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      long deadline = System.nanoTime() + CLOSE_GRACE.toNanos();
      while (waiting.get() > 0 && System.nanoTime() < deadline) {
        LockSupport.parkNanos(this, 100_000);
      }
      last = leasing.current();
      leasing.swap(null);
    } finally {
      changes.unlock();
    }
    if (last != null) {
      awaitEnd(last);
    }
    listeners.close();
  }

  private void awaitEnd(Version<I, O> version) {
    try {
      version.ended().get(CLOSE_GRACE.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      log.warn(
          "{}: a run did not end within {} s; its model stays open",
          version.info().label(),
          CLOSE_GRACE.toSeconds());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (ExecutionException | CompletionException e) {
      log.warn("{}: close failed", version.info().label(), e.getCause());
    }
  }

  String label() {
    Version<I, O> version = leasing.current();
    return version == null ? name : version.info().label();
  }

  Lanes lanes() {
    return lanes;
  }

  long nanos() {
    return ticker.nanos();
  }

  /** The current version, not leased: only its Java data may be looked at. */
  Version<I, O> peek() {
    Version<I, O> version = leasing.current();
    if (version == null || closed) {
      throw unavailable();
    }
    return version;
  }

  private ModelUnavailableException unavailable() {
    return closed
        ? new ModelUnavailableException(
            ModelUnavailableException.Reason.CLOSED, name + ": expected an open slot, it is closed")
        : new ModelUnavailableException(
            ModelUnavailableException.Reason.NOT_READY,
            name + ": expected a live version, there is none yet");
  }

  /**
   * @throws InferenceException if the call is refused; then it was not accepted and needs no {@link
   *     #callEnded}
   */
  void accept(Call<I, O> call, boolean bounded) {
    waiting.incrementAndGet();
    try {
      if (closed) {
        throw unavailable();
      }
      lanes.enqueue(call, bounded);
    } catch (RuntimeException e) {
      waiting.decrementAndGet();
      throw e;
    }
  }

  void callEnded() {
    waiting.decrementAndGet();
  }

  <E extends InferenceException> E failed(E failure) {
    if (listeners.isActive()) {
      Version<I, O> version = leasing.current();
      if (version != null) {
        listeners.failed(version.info(), failure);
      }
    }
    return failure;
  }

  /** One row of a blocking caller that holds {@code lane}. */
  Outcome<O> runOwn(Lane lane, I row, @Nullable Consumer<ModelInfo> model) {
    if (closed) {
      throw unavailable();
    }
    Lane.Single<I> rows = lane.single(row);
    try {
      return runLeased(lane, rows, null, 0, model).get(0);
    } finally {
      rows.forget();
    }
  }

  /** The rows of a bulk call whose caller holds {@code lane}. */
  List<Outcome<O>> runOwnAll(Lane lane, List<? extends I> rows) {
    if (closed) {
      throw unavailable();
    }
    return runLeased(lane, rows, null, 0, null);
  }

  /**
   * One outcome per row; {@code validated} is the version that has accepted the rows, {@code start}
   * 0 without a queue.
   */
  List<Outcome<O>> runLeased(
      Lane lane,
      List<? extends I> rows,
      @Nullable Version<I, O> validated,
      long start,
      @Nullable Consumer<ModelInfo> model) {
    Version<I, O> version = leasing.lease(lane);
    if (version == null) {
      return java.util.Collections.nCopies(rows.size(), Outcome.failed(unavailable()));
    }
    try {
      if (model != null) {
        model.accept(version.info());
      }
      return listeners.isActive()
          ? runWatched(version, lane, rows, validated, start)
          : runChecked(version, lane, rows, validated);
    } finally {
      leasing.release(lane, version);
    }
  }

  private List<Outcome<O>> runWatched(
      Version<I, O> version,
      Lane lane,
      List<? extends I> rows,
      @Nullable Version<I, O> validated,
      long start) {
    long begin = ticker.nanos();
    List<Outcome<O>> outcomes = runChecked(version, lane, rows, validated);
    long end = ticker.nanos();
    int answered = 0;
    for (Outcome<O> outcome : outcomes) {
      if (outcome.succeeded()) {
        answered++;
      } else {
        listeners.failed(version.info(), outcome.failure());
      }
    }
    if (answered > 0) {
      listeners.predicted(version.info(), answered, start == 0 ? 0 : begin - start, end - begin);
    }
    return outcomes;
  }

  private List<Outcome<O>> runChecked(
      Version<I, O> version, Lane lane, List<? extends I> rows, @Nullable Version<I, O> validated) {
    if (version != validated) {
      try {
        for (int i = 0; i < rows.size(); i++) {
          version.model().validate(rows.get(i));
        }
      } catch (InferenceException e) {
        return java.util.Collections.nCopies(rows.size(), Outcome.failed(e));
      } catch (Throwable e) {
        // As for a run: a backend's bug must not end the lane.
        return java.util.Collections.nCopies(
            rows.size(),
            Outcome.failed(
                new PredictionFailedException(
                    version.info().label() + " failed to validate: " + e, e)));
      }
    }
    return rows.size() == 1 ? version.run(lane, rows) : version.runOneByOne(lane, rows);
  }
}
