package dev.inflight;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Says what each lane does next: the lanes of a process and the lines of calls that wait for them.
 *
 * <p>Invariant: while a row waits that a lane might take, some lane is active, about to be woken,
 * or taken by a caller that will look on its way out.
 */
final class Dispatcher {
  /*
   * Design. A caller that finds a free lane and nobody waiting runs its own row on its own thread. Otherwise its call goes into
   * intake, which nobody locks, and only lane threads take from there, under a lock that callers meet only when they give up.
   * Among models the line goes first that has used least lane time; inside a line it is first come, first served.
   *
   * inside counts blocking callers, woken ones included: without it newcomers overtake the woken for a whole scheduler slice,
   * and the tail grows a hundredfold. A lane thread serves without pause; nobody who waits becomes a leader.
   *
   * No lost wake-up; all volatile: (a) enqueuer: intake, then busy; lane: busy = 0, then intake. One sees the other. (b) kick
   * relies on an active lane: enqueuer: intake, then until; lane: until = IDLE, busy = 0, then intake. It sees the row and
   * takes its permit back. (c) A lane that leaves rows of which it cannot take any leaves them to the lane that runs their
   * line, which looks again when it is done, to a caller that leaves their bulkhead, or to an alarm.
   * (d) A lane that is relied on may hang all the same: while rows wait and a lane is free, a watch looks after WATCH.
   */

  /** Lanes beyond one per core, for models whose calls run directly; made when first needed. */
  private static final int SPARES = 256;

  /** What the memory of all spare lanes may come to. */
  private static final long SPARE_BYTES = 64L << 20;

  /** How late the lane that was to look may be before another one does. */
  private static final long WATCH = 1_000_000;

  private final Lane[] lanes;
  private final AtomicBoolean watched = new AtomicBoolean();
  private final AtomicReferenceArray<@Nullable Lane> spares = new AtomicReferenceArray<>(SPARES);
  private int spareCount; // under lock
  private final int id;
  private final Surroundings surroundings;
  private final Ticker ticker;
  private final Completions completions;
  private final ConcurrentLinkedQueue<Call<?, ?>> intake = new ConcurrentLinkedQueue<>();
  private final AtomicInteger inside = new AtomicInteger();
  private final ReentrantLock lock = new ReentrantLock();
  private final List<Line<?, ?>> active = new ArrayList<>(); // lines with rows; under lock
  private double clock; // what the line that went last had used; under lock
  private @Nullable Future<?> alarm; // under lock
  private long alarmAt; // under lock
  private volatile int ready; // listed rows that newcomers must not overtake
  private volatile int takeable; // those of them that one more lane could take now
  private volatile boolean closed;

  Dispatcher(int n, int id, Surroundings surroundings) {
    this.id = id;
    this.surroundings = surroundings;
    ticker = surroundings.ticker();
    completions = new Completions(surroundings);
    lanes = new Lane[n];
    for (int i = 0; i < n; i++) {
      lanes[i] = new Lane(this, i, id);
    }
  }

  int size() {
    return lanes.length;
  }

  /** How many lanes there can ever be: indices are below it. */
  int capacity() {
    return lanes.length + SPARES;
  }

  long nanos() {
    return ticker.nanos();
  }

  Completions completions() {
    return completions;
  }

  Surroundings surroundings() {
    return surroundings;
  }

  Future<?> after(long nanos, Runnable task) {
    return surroundings.alarm().after(nanos, task);
  }

  boolean isClosed() {
    return closed;
  }

  void close() {
    closed = true;
    for (Lane lane : lanes) {
      lane.stop();
    }
  }

  boolean isHeld(Version<?, ?> version) {
    for (Lane lane : lanes) {
      if (lane.held == version) {
        return true;
      }
    }
    for (int i = 0; i < SPARES; i++) {
      Lane spare = spares.get(i);
      if (spare != null && spare.held == version) {
        return true;
      }
    }
    return false;
  }

  // --- callers ---------------------------------------------------------------------------------

  /** A blocking caller comes in; {@link #exit} pairs with it. True if it may try for a lane. */
  boolean enter() {
    return inside.incrementAndGet() <= lanes.length && !hasQueued();
  }

  void exit() {
    inside.decrementAndGet();
  }

  /** Whether callers met: more inside than there are lanes. */
  boolean isCrowded() {
    return inside.get() > lanes.length;
  }

  /** A free lane of the first ones, or null; {@link #leave} gives it back. */
  @Nullable Lane tryLane(@Nullable Bulkhead bulkhead) {
    if (bulkhead != null && !bulkhead.tryEnter()) {
      return null;
    }
    int start = (int) Thread.currentThread().getId();
    for (int i = 0; i < lanes.length; i++) {
      Lane lane = lanes[Math.floorMod(start + i, lanes.length)];
      if (lane.tryEnter()) {
        return lane;
      }
    }
    if (bulkhead != null && bulkhead.leave()) {
      kick(BatchingRule.WAKE_UP);
    }
    return null;
  }

  /**
   * As {@link #tryLane}, and a spare lane if all the others are taken. A thread that needed one
   * finds it first the next time: callers that share no lane share no cache line.
   */
  @Nullable Lane tryAnyLane(@Nullable Bulkhead bulkhead) {
    if (bulkhead != null) {
      return tryLane(bulkhead);
    }
    int home = (int) Thread.currentThread().getId() * 31 & (SPARES - 1);
    Lane spare = spares.get(home);
    if (spare != null && spare.tryEnter()) {
      return spare;
    }
    Lane lane = tryLane(null);
    for (int i = 0; lane == null && i < SPARES; i++) {
      int at = (home + i) & (SPARES - 1);
      spare = spares.get(at);
      if (spare == null) {
        spare = makeSpare(at);
      }
      if (spare == null) {
        return null;
      }
      lane = spare.tryEnter() ? spare : null;
    }
    return lane;
  }

  private @Nullable Lane makeSpare(int at) {
    lock.lock();
    try {
      Lane spare = spares.get(at);
      if (spare == null && (spareCount + 1L) * lanes[0].memoryBytes() <= SPARE_BYTES) {
        spareCount++;
        spare = new Lane(this, lanes.length + at, id);
        spares.set(at, spare);
      }
      return spare;
    } finally {
      lock.unlock();
    }
  }

  void leave(Lane lane, @Nullable Bulkhead bulkhead) {
    lane.leave();
    boolean starved = bulkhead != null && bulkhead.leave();
    if (starved || (lane.index() < lanes.length && hasQueued())) {
      kick(BatchingRule.WAKE_UP);
    }
  }

  /** For a lane that has given its permit back. */
  boolean hasTakeable() {
    return takeable > 0 || !intake.isEmpty();
  }

  /** Whether anybody waits whom a newcomer must not overtake. */
  boolean hasQueued() {
    return ready > 0 || !intake.isEmpty();
  }

  void requireOpen(Call<?, ?> call) {
    if (closed) {
      throw new IllegalStateException("the lanes are closed");
    }
    if (call.isBlocking()) {
      for (Lane lane : lanes) {
        if (lane.isOwnedByCurrentThread()) {
          throw new IllegalStateException(
              "call to "
                  + call.line().label()
                  + " from inside a codec or model that holds lane "
                  + lane.index()
                  + ": it would wait for itself; use submit, or other lanes");
        }
      }
    }
  }

  void enqueue(Call<?, ?> call) {
    intake.add(call);
    kick(call.line().rule().isOneLane() ? BatchingRule.ONE_LANE_PATIENCE : BatchingRule.WAKE_UP);
  }

  /** The call was given up: nothing of it stays. */
  void forget(Call<?, ?> call) {
    lock.lock();
    try {
      drain();
      unlink(call);
      refresh(nanos());
    } finally {
      lock.unlock();
    }
    if (takeable > 0) {
      kick(
          BatchingRule
              .WAKE_UP); // the drained rows are no longer in intake, where a lane would have seen
      // them
    }
  }

  private static <I, O> void unlink(Call<I, O> call) {
    CallList<I, O> list = call.list;
    if (list != null) {
      list.remove(call);
    }
  }

  /**
   * Wakes a lane, unless one will look soon or all are taken: their holders look when they leave.
   */
  private void kick(long patience) {
    long now = 0;
    for (Lane lane : lanes) {
      if (lane.isFree()) {
        if (now == 0) {
          now = nanos();
          if (looksWithin(patience, now)) {
            watch();
            return;
          }
        }
        if (lane.tryEnter()) {
          lane.handToThread();
          return;
        }
      }
    }
  }

  private void watch() {
    if (!watched.get() && watched.compareAndSet(false, true)) {
      var unused = after(WATCH, this::lookAgain);
    }
  }

  private void lookAgain() {
    watched.set(false);
    lock.lock();
    try {
      refresh(nanos());
    } finally {
      lock.unlock();
    }
    if (hasTakeable()) {
      kick(BatchingRule.WAKE_UP);
    } else if (ready > 0) {
      watch();
    }
  }

  private boolean looksWithin(long window, long now) {
    for (Lane lane : lanes) {
      if (lane.looksWithin(window, now)) {
        return true;
      }
    }
    return false;
  }

  // --- lanes -----------------------------------------------------------------------------------

  /**
   * What the lane does next, or null: then it is idle. {@code done} is what it did last. Wakes
   * another lane if there is enough for two.
   */
  @Nullable Batch<?, ?> next(Lane lane, @Nullable Batch<?, ?> done) {
    Lane second = null;
    Batch<?, ?> batch;
    lock.lock();
    try {
      long now = nanos();
      if (done != null) {
        settle(done, now);
      }
      drain();
      batch = pick(now);
      lane.until(batch == null ? Lane.IDLE : batch.expectedEnd());
      refresh(now);
      if (batch != null && takeable > 0 && !lane.looksWithin(BatchingRule.WAKE_UP, now)) {
        second = freeLane();
      }
    } finally {
      lock.unlock();
    }
    if (second != null) {
      second.handToThread();
    } else if (ready > 0 && (batch == null || hasFree())) {
      watch();
    }
    return batch;
  }

  private static void settle(Batch<?, ?> done, long now) {
    Line<?, ?> line = done.line();
    line.settle(done, now);
    Bulkhead bulkhead = line.bulkhead();
    if (bulkhead != null) {
      bulkhead.leave(); // this very lane looks for who starved
    }
  }

  private boolean hasFree() {
    for (Lane lane : lanes) {
      if (lane.isFree()) {
        return true;
      }
    }
    return false;
  }

  private @Nullable Lane freeLane() {
    for (Lane lane : lanes) {
      if (lane.tryEnter()) {
        return lane;
      }
    }
    return null;
  }

  private void drain() {
    Call<?, ?> call;
    while ((call = intake.poll()) != null) {
      if (call.isWaiting()) {
        list(call);
      }
    }
  }

  private <I, O> void list(Call<I, O> call) {
    Line<I, O> line = call.line();
    if (line.isEmpty()) {
      line.rejoin(clock);
      if (!active.contains(line)) {
        active.add(line);
      }
    }
    line.add(call);
  }

  private @Nullable Batch<?, ?> pick(long now) {
    while (true) {
      Line<?, ?> best = null;
      for (int i = active.size() - 1; i >= 0; i--) {
        Line<?, ?> line = active.get(i);
        if (line.isEmpty()) {
          active.remove(i);
        } else if (isRunnable(line, now) && (best == null || goesBefore(line, best))) {
          best = line;
        }
      }
      if (best == null) {
        return null;
      }
      Bulkhead bulkhead = best.bulkhead();
      if (bulkhead != null && !bulkhead.tryEnter()) {
        continue; // a caller was quicker; isRunnable says so next time
      }
      Batch<?, ?> batch = take(best, now);
      if (batch != null) {
        return batch;
      }
      if (bulkhead != null) {
        bulkhead.leave();
      }
    }
  }

  private static boolean isRunnable(Line<?, ?> line, long now) {
    Bulkhead bulkhead = line.bulkhead();
    return line.nanosUntilDue(now) <= 0
        && line.mayRun(now)
        && (bulkhead == null || !bulkhead.starves());
  }

  private static boolean goesBefore(Line<?, ?> line, Line<?, ?> other) {
    return line.served() < other.served()
        || (line.served() == other.served() && line.oldest() - other.oldest() < 0);
  }

  private <I, O> @Nullable Batch<I, O> take(Line<I, O> line, long now) {
    Batch<I, O> batch = line.take(now, share(line));
    if (batch.isEmpty()) {
      return null;
    }
    clock = Math.max(clock, line.served());
    line.begin(batch, now);
    return batch;
  }

  /**
   * This lane's part of what waits and runs, where rows are worth a wake-up of another one: lanes
   * with equal batches are done in turn, while one that took everything would leave the others idle
   * until its callers come back.
   */
  private int share(Line<?, ?> line) {
    BatchingRule rule = line.rule();
    int part = (line.listedRows() + line.runningRows() + lanes.length - 1) / lanes.length;
    boolean worth =
        !rule.isOneLane()
            && rule.line().known()
            && rule.line().row() * part > 2 * BatchingRule.WAKE_UP;
    return worth ? part : Integer.MAX_VALUE;
  }

  /** Counts what a lane might take now, and sets the alarm for what it might take later. */
  private void refresh(long now) {
    int waiting = 0;
    int free = 0;
    long soonest = Long.MAX_VALUE;
    for (int i = 0; i < active.size(); i++) {
      Line<?, ?> line = active.get(i);
      if (line.isEmpty()) {
        continue;
      }
      long due = line.nanosUntilDue(now);
      Bulkhead bulkhead = line.bulkhead();
      if (due > 0) {
        soonest = Math.min(soonest, due);
      } else if (bulkhead == null || !bulkhead.starves()) {
        waiting += line.listedRows();
        free += line.mayRun(now) ? line.listedRows() : 0;
      }
    }
    ready = waiting;
    takeable = free;
    if (soonest != Long.MAX_VALUE && (alarm == null || now + soonest - alarmAt < 0)) {
      if (alarm != null) {
        alarm.cancel(false);
      }
      alarmAt = now + soonest;
      alarm = after(soonest, this::ring);
    }
  }

  /** Some rows have waited long enough for company. */
  private void ring() {
    lock.lock();
    try {
      alarm = null;
      refresh(nanos());
    } finally {
      lock.unlock();
    }
    if (hasQueued()) {
      kick(BatchingRule.WAKE_UP);
    }
  }
}
