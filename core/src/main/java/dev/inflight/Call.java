package dev.inflight;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * A call that waits for a lane: rows in, exactly one end out.
 *
 * <p>Invariant: {@code WAITING -> TAKEN -> DONE}, with {@code GIVEN_UP} reachable from the first
 * two; every edge is one CAS, so lane, caller and timer agree on one end. The answer belongs to the
 * call, never to the caller, who may be gone.
 */
final class Call<I, O> {
  private static final int WAITING = 0;
  private static final int TAKEN = 1;
  private static final int DONE = 2;
  private static final int GIVEN_UP = 3;
  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(Call.class, "state", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final ModelSlot<I, O> slot;
  private final List<? extends I> rows;
  private final long bytes;
  private final CallOptions options;
  private final long start;
  private final @Nullable Version<I, O> validated;
  private final @Nullable Thread caller;
  private final @Nullable CompletableFuture<Prediction<O>> future;
  private volatile int state = WAITING;
  private volatile @Nullable Future<?> timer;
  private @Nullable List<Outcome<O>> outcomes;
  private @Nullable ModelInfo model;
  private long id;

  /** With a future the answer goes there, else the current thread waits for it. */
  Call(
      ModelSlot<I, O> slot,
      List<? extends I> rows,
      CallOptions options,
      @Nullable CompletableFuture<Prediction<O>> future) {
    this.slot = slot;
    this.rows = rows;
    this.options = options;
    this.future = future;
    caller = future == null ? Thread.currentThread() : null;
    start = slot.nanos();
    validated = slot.peek();
    long sum = 0;
    for (I row : rows) {
      validated.model().validate(row);
      sum += validated.model().bytes(row);
    }
    bytes = sum;
  }

  int size() {
    return rows.size();
  }

  long bytes() {
    return bytes;
  }

  boolean isBlocking() {
    return caller != null;
  }

  String label() {
    return slot.label();
  }

  /**
   * For futures that were accepted: give up when the timeout passes, even if every lane is busy.
   */
  void armTimer() {
    if (options.timeout().isPresent()) {
      Future<?> armed =
          Background.timer()
              .schedule(
                  this::timeOut,
                  options.timeout().get().toNanos(),
                  java.util.concurrent.TimeUnit.NANOSECONDS);
      timer = armed;
      if (state == DONE || state == GIVEN_UP) {
        armed.cancel(false); // it ended before it was armed
      }
    }
  }

  private void timeOut() {
    boolean running = state == TAKEN;
    if (giveUp()) {
      InferenceException failure = deadlineExceeded(running);
      slot.lanes()
          .completions()
          .execute(() -> Objects.requireNonNull(future).completeExceptionally(failure));
    }
  }

  private DeadlineExceededException deadlineExceeded(boolean running) {
    return slot.failed(
        new DeadlineExceededException(
            slot.label(), options.timeout().orElseThrow(), running, slot.lanes().queuedRows()));
  }

  /** False if the answer is there already. */
  boolean giveUp() {
    if (STATE.compareAndSet(this, WAITING, GIVEN_UP)) {
      slot.lanes().remove(this);
      end();
      return true;
    }
    if (STATE.compareAndSet(this, TAKEN, GIVEN_UP)) {
      end();
      return true;
    }
    return false;
  }

  private void end() {
    Future<?> armed = timer;
    if (armed != null) {
      armed.cancel(false);
    }
    slot.callEnded();
  }

  /** On a thread that holds the lane. Never throws. */
  void execute(Lane lane) {
    if (!STATE.compareAndSet(this, WAITING, TAKEN)) {
      return;
    }
    if (expired()) {
      if (future != null) {
        STATE.compareAndSet(this, TAKEN, WAITING);
        timeOut();
      } else {
        finish(failAll(deadlineExceeded(false)));
      }
      return;
    }
    id = lane.nextCallId();
    finish(slot.runLeased(lane, rows, validated, start, info -> model = info));
  }

  private boolean expired() {
    return options.timeout().isPresent()
        && slot.nanos() - start >= options.timeout().get().toNanos();
  }

  private List<Outcome<O>> failAll(InferenceException failure) {
    return java.util.Collections.nCopies(rows.size(), Outcome.failed(failure));
  }

  private void finish(List<Outcome<O>> answers) {
    // A runner may reuse its list for the next run, which can start before the caller looks.
    outcomes = answers.size() == 1 ? List.of(answers.get(0)) : List.copyOf(answers);
    if (!STATE.compareAndSet(this, TAKEN, DONE)) {
      return;
    }
    end();
    if (future == null) {
      LockSupport.unpark(caller);
    } else {
      slot.lanes().completions().execute(() -> complete(future));
    }
  }

  private void complete(CompletableFuture<Prediction<O>> target) {
    try {
      target.complete(prediction());
    } catch (RuntimeException e) {
      target.completeExceptionally(e);
    }
  }

  /** Waits for the end. @throws CancellationException when interrupted, with the flag set again */
  void await() {
    long deadline = options.timeout().map(timeout -> start + timeout.toNanos()).orElse(0L);
    while (state != DONE) {
      if (Thread.interrupted()) {
        boolean gaveUp = giveUp();
        Thread.currentThread().interrupt();
        if (gaveUp) {
          throw new CancellationException(
              "call to " + slot.label() + ": interrupted while it waited");
        }
        continue;
      }
      if (options.timeout().isEmpty()) {
        LockSupport.park(this);
        continue;
      }
      long left = deadline - slot.nanos();
      if (left <= 0) {
        boolean running = state == TAKEN;
        if (giveUp()) {
          throw deadlineExceeded(running);
        }
      } else {
        LockSupport.parkNanos(this, left);
      }
    }
  }

  /** After {@code DONE}. */
  List<Outcome<O>> outcomes() {
    return Objects.requireNonNull(outcomes);
  }

  /** After {@code DONE}, for one row. */
  Prediction<O> prediction() {
    O value = outcomes().get(0).value();
    return new Prediction<>(value, Objects.requireNonNull(model), id);
  }
}
