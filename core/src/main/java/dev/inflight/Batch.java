package dev.inflight;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Calls that share a run.
 *
 * <p>Invariant: {@code alive} counts the calls nobody has given up. {@code OPEN -> RUNNING -> OVER}
 * is the lane's; the one that gives up the last call may go {@code RUNNING -> CANCELLING ->
 * CANCELLED} in between, and the lane waits for the end of that, so a cancel reaches this run or
 * none.
 */
final class Batch<I, O> {
  private static final int OPEN = 0;
  private static final int RUNNING = 1;
  private static final int CANCELLING = 2;
  private static final int CANCELLED = 3;
  private static final int OVER = 4;
  private static final VarHandle STATE;

  static {
    try {
      STATE = MethodHandles.lookup().findVarHandle(Batch.class, "state", int.class);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  private final Line<I, O> line;
  private final List<Call<I, O>> calls = new ArrayList<>();
  private final AtomicInteger alive = new AtomicInteger();
  private int rows;
  private long begun;
  private double charged;
  private Release release = Release.LANE;
  private @Nullable Runner<I, O> runner;
  private volatile int state = OPEN;

  Batch(Line<I, O> line) {
    this.line = line;
  }

  Line<I, O> line() {
    return line;
  }

  List<Call<I, O>> calls() {
    return calls;
  }

  int rows() {
    return rows;
  }

  /** Rows as their calls gave them, a row that is itself a batch counted once. */
  int allRows() {
    int sum = 0;
    for (int i = 0; i < calls.size(); i++) {
      sum += calls.get(i).rows().size();
    }
    return sum;
  }

  boolean isEmpty() {
    return calls.isEmpty();
  }

  /** Under the dispatcher's lock. */
  void add(Call<I, O> call) {
    alive.incrementAndGet();
    calls.add(call);
    rows += call.size();
  }

  /** Under the dispatcher's lock: taken at {@code now}, expected to cost {@code nanos}. */
  void begin(long now, double nanos) {
    begun = now;
    charged = nanos;
  }

  /** When the lane will look again; {@link Lane#IDLE} if the cost of the run is unknown. */
  long expectedEnd() {
    return charged > 0 ? begun + (long) charged : Lane.IDLE;
  }

  long begun() {
    return begun;
  }

  /** What its line was charged for it so far. */
  double charged() {
    return charged;
  }

  /** Why it left the queue. */
  Release release() {
    return release;
  }

  void release(Release why) {
    release = why;
  }

  /** On the lane: leases a version, runs, and gives every call its answer. Never throws. */
  void run(Lane lane) {
    line.slot().runs().runBatch(lane, this);
  }

  /**
   * On the lane: every call gets its answers, first come first; futures wait among the lane's
   * completions. All of them had waited until {@code begun}.
   *
   * @param all what became of all rows of all calls, in order
   * @param version that ran, leased; null if there is none
   */
  void deliver(Lane lane, @Nullable Version<I, O> version, List<Outcome<O>> all, long begun) {
    lane.looksSoon();
    long now = line.nanos();
    int from = 0;
    int ended = 0;
    for (int i = 0; i < calls.size(); i++) {
      Call<I, O> call = calls.get(i);
      ended += call.answer(all, from, version, lane, begun, now) ? 1 : 0;
      from += call.rows().size();
    }
    line.slot().callsEnded(ended);
  }

  /** What callers sent along, in order. */
  List<Object> attachments() {
    List<Object> all = List.of();
    for (int i = 0; i < calls.size(); i++) {
      Optional<Object> attachment = calls.get(i).options().attachment();
      if (attachment.isPresent()) {
        all = all.isEmpty() ? new ArrayList<>() : all;
        all.add(attachment.get());
      }
    }
    return all;
  }

  /**
   * The lane enters {@code runner}; false if nobody waits any more. May come again. A cancel that
   * is on its way has to find a run, so then the lane goes in.
   */
  boolean enter(Runner<I, O> runner) {
    this.runner = runner;
    state = RUNNING;
    return !isDead() || !STATE.compareAndSet(this, RUNNING, OVER);
  }

  /** The lane is out of the runner; after this no cancel reaches it. */
  void leave() {
    if (STATE.compareAndSet(this, RUNNING, OVER)) {
      return;
    }
    while (state == CANCELLING) {
      Thread.onSpinWait();
    }
  }

  boolean isDead() {
    return alive.get() == 0;
  }

  /** A call of this batch was given up. */
  void callGivenUp() {
    if (alive.decrementAndGet() == 0 && STATE.compareAndSet(this, RUNNING, CANCELLING)) {
      try {
        Runner<I, O> entered = runner;
        if (entered != null) {
          entered.cancel();
        }
      } finally {
        state = CANCELLED;
      }
    }
  }
}
