package dev.inflight;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;

/**
 * How many rows came lately and how much time they took.
 *
 * <p>Invariant: the sums hold what came since {@code began}; one thread at a time, the winner of
 * its CAS, turns them into rates.
 */
final class Load {
  /** How far back the rates look. */
  private static final long WINDOW = 1_000_000_000;

  private final AtomicLong began = new AtomicLong(Long.MIN_VALUE);
  private final LongAdder rows = new LongAdder();
  private final LongAdder nanos = new LongAdder();
  private volatile double rowsPerSecond;
  private volatile double busy;

  void add(int moreRows, long moreNanos, long now) {
    rows.add(moreRows);
    nanos.add(moreNanos);
    long since = began.get();
    if (since == Long.MIN_VALUE) {
      began.compareAndSet(since, now);
    } else if (now - since >= WINDOW && began.compareAndSet(since, now)) {
      double passed = now - since;
      rowsPerSecond = rows.sumThenReset() / passed * 1e9;
      busy = nanos.sumThenReset() / passed;
    }
  }

  double rowsPerSecond() {
    return rowsPerSecond;
  }

  /** In lanes: 1.5 is one and a half lanes all the time. */
  double busy() {
    return busy;
  }
}
