package dev.inflight.bench.model;

import java.util.List;

/**
 * Goes round and round; for one thread.
 *
 * @param <T> what comes
 */
public final class Cycle<T> {
  private final List<T> all;
  private int next;

  /** Begins with the first. */
  public Cycle(List<T> all) {
    this.all = List.copyOf(all);
  }

  /** Begins with that one. */
  public Cycle(List<T> all, int start) {
    this(all);
    next = start % all.size();
  }

  /** {@return the next} */
  public T next() {
    T value = all.get(next);
    next = next + 1 == all.size() ? 0 : next + 1;
    return value;
  }
}
