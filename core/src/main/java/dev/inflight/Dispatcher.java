package dev.inflight;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
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

  /** How late the lane that was to look may be before another one does. */
  static final long WATCH = 1_000_000;

  private final Lane[] lanes;
  private final AtomicBoolean watched = new AtomicBoolean();
  private final SpareLanes spares;
  private final Surroundings surroundings;
  private final Ticker ticker;
  private final Completions completions;
  private final ConcurrentLinkedQueue<Call<?, ?>> intake = new ConcurrentLinkedQueue<>();
  private final AtomicInteger inside = new AtomicInteger();
  private final AtomicInteger lostThreads = new AtomicInteger();
  private final ReentrantLock lock = new ReentrantLock();
  private final Backlog backlog; // under lock
  private @Nullable Future<?> alarm; // under lock
  private long alarmAt; // under lock
  private volatile int ready; // listed rows that newcomers must not overtake
  private volatile int takeable; // those of them that one more lane could take now
  private volatile boolean closed;

  Dispatcher(int n, int id, Surroundings surroundings) {
    spares = new SpareLanes(this, n, id);
    backlog = new Backlog(n);
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
    return lanes.length + SpareLanes.SIZE;
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
    return spares.isHeld(version);
  }

  /** A continuation keeps a lane's thread: until it is back no other thread is risked. */
  void threadIsLost() {
    lostThreads.incrementAndGet();
  }

  void threadIsBack() {
    lostThreads.decrementAndGet();
  }

  /** Whether lanes' threads complete futures themselves, which saves waking another thread. */
  boolean mayCompleteOnLanes() {
    return lostThreads.get() == 0;
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

  /** As {@link #tryLane}, but a spare lane if this thread's own one is taken. */
  @Nullable Lane tryAnyLane(@Nullable Bulkhead bulkhead) {
    if (bulkhead != null) {
      return tryLane(bulkhead);
    }
    Lane lane = spares.tryHome();
    if (lane != null) {
      return lane;
    }
    lane = lanes[Math.floorMod((int) Thread.currentThread().getId(), lanes.length)];
    if (lane.tryEnter()) {
      return lane;
    }
    lane = spares.tryAny(lanes[0].memoryBytes());
    return lane == null ? tryLane(null) : lane;
  }

  /** A free lane that no queue uses, or null. */
  @Nullable Lane trySpareLane() {
    return spares.tryAny(lanes[0].memoryBytes());
  }

  /**
   * Every lane, free or not; spare ones first, and one of them free if there may be another: what
   * was never run and hangs must not take a lane that calls wait for.
   */
  List<Lane> everyLane() {
    List<Lane> all = new ArrayList<>();
    spares.addTo(all);
    if (all.stream().noneMatch(Lane::isFree)) {
      Lane made = trySpareLane();
      if (made != null) {
        made.leave();
        all.add(0, made);
      }
    }
    all.addAll(List.of(lanes));
    return all;
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
    boolean patient = call.line().isOneLane(call);
    kick(patient ? BatchingRule.ONE_LANE_PATIENCE : BatchingRule.WAKE_UP);
  }

  /** The call was given up: nothing of it stays. */
  void forget(Call<?, ?> call) {
    underLock(
        () -> {
          drain();
          backlog.remove(call);
          refresh(nanos());
        });
    if (takeable > 0) {
      // What was drained is no longer in intake, where a lane would have seen it.
      kick(BatchingRule.WAKE_UP);
    }
  }

  /**
   * Wakes a lane, unless one will look soon or all are taken: their holders look when they leave.
   */
  private void kick(long patience) {
    long now = 0;
    boolean comesBack = false;
    for (Lane lane : lanes) {
      if (lane.isFree()) {
        if (now == 0) {
          now = nanos();
          if (looksWithin(patience, now)) {
            watch();
            return;
          }
        }
        if (lane.isThreadAwayFor(WATCH, now)) {
          comesBack = true;
        } else if (lane.tryEnter()) {
          lane.handToThread();
          return;
        }
      }
    }
    if (comesBack) {
      watch();
    }
  }

  private void watch() {
    if (!watched.get() && watched.compareAndSet(false, true)) {
      var unused = after(WATCH, this::lookAgain);
    }
  }

  private void lookAgain() {
    watched.set(false);
    underLock(() -> refresh(nanos()));
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
        backlog.settle(done, now);
      }
      drain();
      batch = backlog.pick(now);
      lane.until(batch == null ? Lane.IDLE : batch.expectedEnd());
      refresh(now);
      if (batch != null && takeable > 0 && !lane.looksWithin(BatchingRule.WAKE_UP, now)) {
        second = freeLane(now);
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

  /** The batch is over, and the lane does not ask for the next one yet. */
  void settle(Batch<?, ?> done) {
    underLock(
        () -> {
          long now = nanos();
          backlog.settle(done, now);
          refresh(now); // its line may run again
        });
  }

  private boolean hasFree() {
    for (Lane lane : lanes) {
      if (lane.isFree()) {
        return true;
      }
    }
    return false;
  }

  private @Nullable Lane freeLane(long now) {
    for (Lane lane : lanes) {
      if (!lane.isThreadAwayFor(WATCH, now) && lane.tryEnter()) {
        return lane;
      }
    }
    return null;
  }

  private void underLock(Runnable change) {
    lock.lock();
    try {
      change.run();
    } finally {
      lock.unlock();
    }
  }

  private void drain() {
    Call<?, ?> call;
    while ((call = intake.poll()) != null) {
      if (call.isWaiting()) {
        backlog.add(call);
      }
    }
  }

  /** Counts what a lane might take now, and sets the alarm for what it might take later. */
  private void refresh(long now) {
    backlog.count(now);
    ready = backlog.waiting();
    takeable = backlog.takeable();
    long soonest = backlog.soonest();
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
    underLock(
        () -> {
          alarm = null;
          refresh(nanos());
        });
    if (hasQueued()) {
      kick(BatchingRule.WAKE_UP);
    }
  }
}
