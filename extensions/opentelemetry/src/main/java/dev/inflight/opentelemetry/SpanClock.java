package dev.inflight.opentelemetry;

import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Turns {@link System#nanoTime()} into time since the epoch. All spans of one call use one anchor,
 * so that they lie inside each other as they did; the wall clock may be set meanwhile.
 *
 * <p>Invariant: an anchor pairs two readings of the same moment, to within the shorter of a few
 * tries; the one that is given out was read less than {@link #REFRESH} before the call.
 */
final class SpanClock {
  static final long REFRESH = TimeUnit.SECONDS.toNanos(1);
  private static final int TRIES = 3;

  private final LongSupplier wall;
  private final LongSupplier ticker;
  private volatile Anchor anchor;

  SpanClock() {
    this(SpanClock::epochNanos, System::nanoTime);
  }

  SpanClock(LongSupplier wall, LongSupplier ticker) {
    this.wall = wall;
    this.ticker = ticker;
    anchor = read();
  }

  private static long epochNanos() {
    Instant now = Instant.now();
    return TimeUnit.SECONDS.toNanos(now.getEpochSecond()) + now.getNano();
  }

  long nanos() {
    return ticker.getAsLong();
  }

  /** For a call that begins at {@code nanos}. */
  Anchor anchor(long nanos) {
    Anchor last = anchor;
    if (nanos - last.nanos < REFRESH) {
      return last;
    }
    Anchor fresh = read();
    anchor = fresh;
    return fresh;
  }

  private Anchor read() {
    long shortest = Long.MAX_VALUE;
    Anchor best = new Anchor(0, 0);
    for (int i = 0; i < TRIES; i++) {
      long before = ticker.getAsLong();
      long epoch = wall.getAsLong();
      long took = ticker.getAsLong() - before;
      if (took < shortest) {
        shortest = took;
        best = new Anchor(epoch, before + took / 2);
      }
    }
    return best;
  }

  /** One moment on both clocks. */
  record Anchor(long epochNanos, long nanos) {
    long epoch(long at) {
      return epochNanos + (at - nanos);
    }
  }
}
