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
 * two; every edge is one CAS, so lane, caller and timer agree on one end. Who wins the edge out of
 * {@code WAITING} gives the rows' share of the queue back. The answer belongs to the call, never to
 * the caller, who may be gone.
 */
final class Call<I, O> implements Runnable {
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

  private final Line<I, O> line;
  private final List<I> rows;
  private final int size;
  private final long bytes;
  private final CallOptions options;
  private final long start;
  private final Version<I, O> validated;
  private final @Nullable Version<I, O> pinned;
  private final @Nullable Thread caller;
  private final @Nullable CompletableFuture<Prediction<O>> future;
  private volatile int state = WAITING;
  private volatile @Nullable Future<?> timer;
  private volatile @Nullable Batch<I, O> batch;
  private @Nullable Outcome<O> outcome; // of a single row
  private @Nullable List<Outcome<O>> outcomes; // of any other number
  private @Nullable ModelInfo model;
  private long id;

  // Of the list it waits in; under the dispatcher's lock.
  @Nullable CallList<I, O> list;
  @Nullable Call<I, O> previous;
  @Nullable Call<I, O> next;

  /**
   * With a future the answer goes there, else the current thread waits for it. With a pinned
   * version only that one answers, and the rows are checked against it.
   */
  Call(
      Line<I, O> line,
      List<I> rows,
      CallOptions options,
      @Nullable Version<I, O> pinned,
      @Nullable CompletableFuture<Prediction<O>> future) {
    this.line = line;
    this.rows = rows;
    this.options = options;
    this.pinned = pinned;
    this.future = future;
    caller = future == null ? Thread.currentThread() : null;
    start = line.nanos();
    validated = pinned == null ? line.slot().peek() : pinned;
    long sum = 0;
    int count = 0;
    for (int i = 0; i < rows.size(); i++) {
      I row = rows.get(i);
      if (pinned == null) {
        validated.model().validate(row);
      }
      sum += validated.model().bytes(row);
      count += validated.rows(row);
    }
    bytes = sum;
    size = count;
  }

  Line<I, O> line() {
    return line;
  }

  List<I> rows() {
    return rows;
  }

  /** In rows, as the model counts them. */
  int size() {
    return size;
  }

  long bytes() {
    return bytes;
  }

  long start() {
    return start;
  }

  CallOptions options() {
    return options;
  }

  /** The version that has accepted the rows; null if each row is still to be checked. */
  @Nullable Version<I, O> validated() {
    return pinned == null ? validated : null;
  }

  @Nullable Version<I, O> pinned() {
    return pinned;
  }

  boolean isBlocking() {
    return caller != null;
  }

  boolean isWaiting() {
    return state == WAITING;
  }

  /**
   * For futures that were accepted: give up when the timeout passes, even if every lane is busy.
   */
  void armTimer() {
    if (options.timeout().isPresent()) {
      Future<?> armed = line.after(options.timeout().get().toNanos(), this::timeOut);
      timer = armed;
      if (state == DONE || state == GIVEN_UP) {
        armed.cancel(false); // it ended before it was armed
      }
    }
  }

  private void timeOut() {
    boolean running = state == TAKEN;
    if (giveUp()) {
      failLate(deadlineExceeded(running));
    }
  }

  private void failLate(InferenceException failure) {
    line.completions().execute(() -> Objects.requireNonNull(future).completeExceptionally(failure));
  }

  private DeadlineExceededException deadlineExceeded(boolean running) {
    return line.slot()
        .runs()
        .failed(
            new DeadlineExceededException(
                line.label(), options.timeout().orElseThrow(), running, line.waiting()));
  }

  /** False if the answer is there already. */
  boolean giveUp() {
    if (STATE.compareAndSet(this, WAITING, GIVEN_UP)) {
      line.leave(this);
      line.forget(this);
      end();
      return true;
    }
    if (STATE.compareAndSet(this, TAKEN, GIVEN_UP)) {
      Batch<I, O> taken = batch;
      if (taken != null) {
        taken.callGivenUp();
      }
      end();
      return true;
    }
    return false;
  }

  private void end() {
    disarm();
    line.slot().callsEnded(1);
  }

  private void disarm() {
    Future<?> armed = timer;
    if (armed != null) {
      armed.cancel(false);
    }
  }

  /**
   * A lane wants to run it, at {@code now}. False if it was given up, or if its timeout has passed:
   * nothing runs after its deadline.
   */
  boolean take(Batch<I, O> taker, Line.Taken taken, long now) {
    if (options.timeout().isEmpty() || now - start < options.timeout().get().toNanos()) {
      batch = taker;
      if (!STATE.compareAndSet(this, WAITING, TAKEN)) {
        return false;
      }
      taken.add(this);
      return true;
    }
    // In one step: as TAKEN it could be given up by its caller, who would count it out of the
    // batch.
    if (STATE.compareAndSet(this, WAITING, GIVEN_UP)) {
      line.leave(this);
      end();
      if (future != null) {
        failLate(deadlineExceeded(false));
      } else {
        LockSupport.unpark(caller); // it sees that it has expired
      }
    }
    return false;
  }

  /**
   * The answers of rows {@code [from, from + rows)} of a batch, on the lane. True if that is how
   * the call ends; the lane then tells the slot.
   */
  boolean answer(
      List<Outcome<O>> all,
      int from,
      @Nullable ModelInfo info,
      long callId,
      Completions completions) {
    int n = rows.size();
    if (n == 1) {
      outcome = all.get(from);
    } else {
      outcomes = n == all.size() ? all : all.subList(from, from + n);
    }
    model = info;
    id = callId;
    if (!STATE.compareAndSet(this, TAKEN, DONE)) {
      return false;
    }
    disarm();
    if (future == null) {
      LockSupport.unpark(caller);
    } else {
      completions.add(this);
    }
    return true;
  }

  /** Completes the future, off the lane. */
  @Override
  public void run() {
    CompletableFuture<Prediction<O>> target = Objects.requireNonNull(future);
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
      if (state == GIVEN_UP) { // a lane found it expired
        throw deadlineExceeded(false);
      }
      if (Thread.interrupted()) {
        boolean gaveUp = giveUp();
        Thread.currentThread().interrupt();
        if (gaveUp) {
          throw new CancellationException(
              "call to " + line.label() + ": interrupted while it waited");
        }
        continue;
      }
      if (options.timeout().isEmpty()) {
        LockSupport.park(this);
        continue;
      }
      long left = deadline - line.nanos();
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
    return outcome != null ? List.of(outcome) : Objects.requireNonNull(outcomes);
  }

  /** After {@code DONE}, for one row. */
  O value() {
    return Objects.requireNonNull(outcome).value();
  }

  /** After {@code DONE}, for one row. */
  Prediction<O> prediction() {
    return new Prediction<>(value(), Objects.requireNonNull(model), id);
  }
}
