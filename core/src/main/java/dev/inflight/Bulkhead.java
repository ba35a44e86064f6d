package dev.inflight;

import java.util.concurrent.atomic.AtomicInteger;

/**
 * How many lanes some models may hold at once, so that one that hangs leaves the others theirs.
 *
 * <p>Invariant: {@code 0 <= used <= limit}. Who finds it full and leaves rows waiting sets {@code
 * starved} and looks again; who leaves it looks at {@code starved} afterwards: one sees the other.
 */
final class Bulkhead {
  private final int limit;
  private final AtomicInteger used = new AtomicInteger();
  private volatile boolean starved;

  Bulkhead(int limit) {
    this.limit = limit;
  }

  int limit() {
    return limit;
  }

  boolean tryEnter() {
    while (true) {
      int now = used.get();
      if (now >= limit) {
        return false;
      }
      if (used.compareAndSet(now, now + 1)) {
        return true;
      }
    }
  }

  /** True if somebody may wait for the place. */
  boolean leave() {
    used.decrementAndGet();
    if (starved) {
      starved = false;
      return true;
    }
    return false;
  }

  /** Full, with rows left waiting because of it. */
  boolean starves() {
    if (used.get() < limit) {
      return false;
    }
    starved = true;
    return used.get() >= limit;
  }
}
