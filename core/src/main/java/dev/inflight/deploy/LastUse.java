package dev.inflight.deploy;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.LongSupplier;

/**
 * When a deployment was called last. Costs a call two reads, and one of all calls of a tick of the
 * clock a write.
 */
final class LastUse {
  private final LongSupplier clock;
  private final AtomicInteger inside = new AtomicInteger();
  private volatile long at;

  LastUse(LongSupplier clock) {
    this.clock = clock;
    at = clock.getAsLong();
  }

  /** A call begins. */
  void touch() {
    long now = clock.getAsLong();
    if (at != now) {
      at = now;
    }
  }

  /** A call begins that may take long, and is in use until it {@linkplain #leave leaves}. */
  void enter() {
    inside.incrementAndGet();
    touch();
  }

  void leave() {
    touch();
    inside.decrementAndGet();
  }

  boolean isInside() {
    return inside.get() > 0;
  }

  /** Nanoseconds, of the clock. */
  long at() {
    return at;
  }
}
