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
  private @Nullable Version<I, O> answeredBy;
  private long id;
  private boolean trial;

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
    validated = pinned == null ? line.slot().live(rows.size()) : pinned;
    if (pinned == null) {
      validate();
    }
    long sum = 0;
    int count = 0;
    for (int i = 0; i < rows.size(); i++) {
      I row = rows.get(i);
      sum += validated.model().bytes(row);
      count += validated.rows(row);
    }
    bytes = sum;
    size = count;
  }

  private void validate() {
    try {
      for (int i = 0; i < rows.size(); i++) {
        validated.model().validate(rows.get(i));
      }
    } catch (InferenceException e) {
      line.slot().runs().ended(validated, CallEnd.of(e), rows.size());
      throw e;
    }
  }

  /** Before it is accepted: it is nobody's call, so it is not counted. */
  Call<I, O> asTrial(boolean isTrial) {
    trial = isTrial;
    return this;
  }

  private void ended(CallEnd end) {
    if (!trial) {
      line.slot().runs().ended(validated, end, rows.size());
    }
  }

  /** It was not accepted, because of this. */
  void refused(InferenceException why) {
    ended(CallEnd.of(why));
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
    if (giveUp(CallEnd.TIMED_OUT)) {
      failLate(deadlineExceeded(running));
    }
  }

  private void failLate(InferenceException failure) {
    line.completions().execute(() -> Objects.requireNonNull(future).completeExceptionally(failure));
  }

  private DeadlineExceededException deadlineExceeded(boolean running) {
    return new DeadlineExceededException(
        line.label(), options.timeout().orElseThrow(), running, line.waiting());
  }

  /** False if it has ended already; else it ends so. */
  boolean giveUp(CallEnd why) {
    if (STATE.compareAndSet(this, WAITING, GIVEN_UP)) {
      line.leave(this);
      line.forget(this);
      ended(why);
      end();
      return true;
    }
    if (STATE.compareAndSet(this, TAKEN, GIVEN_UP)) {
      Batch<I, O> taken = batch;
      if (taken != null) {
        taken.callGivenUp();
      }
      ended(why);
      end();
      return true;
    }
    return false;
  }

  /** The future was cancelled: the call with it, even if it has just ended and nobody knows. */
  void cancel() {
    if (giveUp(CallEnd.CANCELLED) || trial) {
      return;
    }
    Runs<I, O> runs = line.slot().runs();
    int n = rows.size();
    if (state == DONE) {
      Outcome<O> what = Objects.requireNonNull(outcome); // futures are of one row
      CallEnd known = what.succeeded() ? CallEnd.COMPLETED : CallEnd.of(what.failure());
      runs.count(answeredBy, known, -n);
      runs.ended(answeredBy, CallEnd.CANCELLED, n);
    } else {
      runs.count(validated, CallEnd.TIMED_OUT, -n);
      runs.ended(validated, CallEnd.CANCELLED, n);
    }
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
    // batch. Counted before, because the caller sees the step.
    Runs<I, O> runs = line.slot().runs();
    count(runs, rows.size());
    if (STATE.compareAndSet(this, WAITING, GIVEN_UP)) {
      line.leave(this);
      end();
      if (!trial) {
        runs.tell(validated, CallEnd.TIMED_OUT, rows.size());
      }
      if (future != null) {
        failLate(deadlineExceeded(false));
      } else {
        LockSupport.unpark(caller); // it sees that it has expired
      }
    } else {
      count(runs, -rows.size());
    }
    return false;
  }

  private void count(Runs<I, O> runs, int expired) {
    if (!trial) {
      runs.count(validated, CallEnd.TIMED_OUT, expired);
    }
  }

  /**
   * The answers of rows {@code [from, from + rows)} of a batch that ran from {@code begun} to
   * {@code now}, on the lane, which leases {@code version}. True if that is how the call ends; the
   * lane then tells the slot.
   */
  boolean answer(
      List<Outcome<O>> all,
      int from,
      @Nullable Version<I, O> version,
      Lane lane,
      long begun,
      long now) {
    int n = rows.size();
    if (n == 1) {
      outcome = all.get(from);
    } else {
      outcomes = n == all.size() ? all : all.subList(from, from + n);
    }
    answeredBy = version;
    id = lane.nextCallId();
    Runs<I, O> runs = line.slot().runs();
    LaneFigures counted = version == null || trial ? null : version.figures(lane);
    // Counted before its caller can know.
    if (counted != null) {
      counted.answered(all, from, from + n, begun - start, now - start);
    } else if (version == null && !trial) {
      runs.count(pinned, CallEnd.UNAVAILABLE, n);
    }
    if (!STATE.compareAndSet(this, TAKEN, DONE)) {
      if (counted != null) {
        counted.undo(all, from, from + n, begun - start, now - start);
      } else if (version == null && !trial) {
        runs.count(pinned, CallEnd.UNAVAILABLE, -n);
      }
      return false;
    }
    disarm();
    if (future == null) {
      LockSupport.unpark(caller);
    } else {
      lane.completions().add(this);
    }
    if (!trial) {
      runs.tellFailures(version == null ? pinned : version, all, from, from + n);
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
        boolean gaveUp = giveUp(CallEnd.CANCELLED);
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
        if (giveUp(CallEnd.TIMED_OUT)) {
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
    return new Prediction<>(value(), Objects.requireNonNull(answeredBy).info(), id);
  }
}
