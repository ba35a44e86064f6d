package dev.inflight;

import java.util.concurrent.locks.LockSupport;

/**
 * A library thread that serves a lane when it is told to.
 *
 * <p>Invariant: a lane has one at a time, and only that one is told, by whoever holds the permit.
 * It completes futures without the permit: meanwhile it is away. Away for too long it is replaced,
 * and ends when it comes back.
 */
final class LaneThread implements Runnable {
  private static final long HERE = Long.MAX_VALUE;

  private final Lane lane;
  private final Thread thread;
  private boolean started; // belongs to the permit
  private volatile boolean told;
  private volatile long awaySince = HERE;

  LaneThread(Lane lane) {
    this.lane = lane;
    thread = Background.named("inflight-lane-" + lane.index()).newThread(this);
  }

  /** It serves the lane, with the permit that its teller took for it. */
  void tell() {
    told = true;
    if (started) {
      wake();
    } else {
      started = true;
      thread.start();
    }
  }

  /** It looks whether it is still needed. */
  void wake() {
    LockSupport.unpark(thread);
  }

  Thread thread() {
    return thread;
  }

  void goAway(long now) {
    awaySince = now;
  }

  /**
   * Futures may have left an interrupt behind, and then the thread would never park again. Whoever
   * relied on this thread has queued before this, so it looks at the queue after it.
   */
  void comeBack() {
    var unused = Thread.interrupted();
    awaySince = HERE;
  }

  boolean isAway() {
    return awaySince != HERE;
  }

  /** Whether it is away and may be relied on to come back. */
  boolean isAwayFor(long atMost, long now) {
    long since = awaySince;
    return since != HERE && now - since < atMost;
  }

  @Override
  public void run() {
    while (lane.isServedBy(this)) {
      if (told) {
        told = false;
        lane.serve(this);
      } else if (lane.isClosed()) {
        return;
      } else {
        LockSupport.park(lane);
      }
    }
    lane.threadIsBack();
  }
}
