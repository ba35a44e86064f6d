package dev.inflight;

import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One listener of one slot.
 *
 * <p>Invariant: one thread at a time calls it. While it is set aside that is the thread it keeps;
 * what happens meanwhile is in {@code missed}.
 */
final class Hearer {
  private static final Logger log = LoggerFactory.getLogger(Hearer.class);

  private final InferenceListener listener;
  private final AtomicLong dropped;
  private final AtomicLong allMissed;
  private final AtomicLong failures;
  private final AtomicLong missed = new AtomicLong();
  private volatile long droppedBefore;
  private volatile boolean complained;
  private volatile boolean setAside;

  /** The counters are the ring's: what it dropped, what listeners missed, how often one failed. */
  Hearer(
      InferenceListener listener, AtomicLong dropped, AtomicLong allMissed, AtomicLong failures) {
    this.listener = listener;
    this.dropped = dropped;
    this.allMissed = allMissed;
    this.failures = failures;
    droppedBefore = dropped.get();
  }

  /** Delivers until {@code by} is no longer the one that delivers. Returns how many were told. */
  int hear(List<ListenerRing.Event> events, Delivery by) {
    if (setAside) {
      miss(events.size());
      return events.size();
    }
    tellDropped();
    int heard = 0;
    while (heard < events.size() && by.isCurrent()) {
      hear(events.get(heard++));
    }
    return heard;
  }

  /** Whether it is to be told that something was dropped. */
  boolean lacks() {
    return !setAside && (dropped.get() != droppedBefore || missed.get() > 0);
  }

  private void miss(int events) {
    missed.addAndGet(events);
    allMissed.addAndGet(events);
  }

  private void tellDropped() {
    long now = dropped.get();
    long lost = now - droppedBefore + missed.getAndSet(0);
    droppedBefore = now;
    if (lost > 0) {
      hear(told -> told.onDropped(lost));
    }
  }

  private void hear(ListenerRing.Event event) {
    try {
      event.tell(listener);
    } catch (Throwable e) {
      failures.incrementAndGet();
      if (!complained) {
        complained = true;
        log.warn(
            "listener {} threw; it goes on being called, further failures are only counted",
            listener.getClass(),
            e);
      }
    }
  }

  /** It has given its thread back, and {@code untold} events were left. */
  void comeBack(int untold) {
    miss(untold);
    setAside = false;
  }

  /** It keeps its thread: it is left alone until it gives it back. */
  void setAside() {
    setAside = true;
    failures.incrementAndGet();
    if (!complained) {
      complained = true;
      log.warn(
          "listener {} does not return; it is left alone until it does, and misses what happens",
          listener.getClass());
    }
  }
}
