package dev.inflight;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * Lanes beyond one per core, without threads, for models whose calls run directly; made when first
 * needed.
 *
 * <p>Invariant: a place holds one lane for ever once it has one; {@code count} is at least the
 * number of places that do.
 */
final class SpareLanes {
  /** A power of two; more callers than this are inside native code at once only by mistake. */
  static final int SIZE = 256;

  /** What the memory of all of them may come to. */
  private static final long MAX_BYTES = 64L << 20;

  private final Dispatcher dispatcher;
  private final int firstIndex;
  private final int instance;
  private final AtomicReferenceArray<@Nullable Lane> lanes = new AtomicReferenceArray<>(SIZE);
  private final AtomicInteger count = new AtomicInteger();

  SpareLanes(Dispatcher dispatcher, int firstIndex, int instance) {
    this.dispatcher = dispatcher;
    this.firstIndex = firstIndex;
    this.instance = instance;
  }

  /**
   * The lane this thread had before, if it is free. A thread that needed a spare lane finds it
   * first the next time: callers that share no lane share no cache line.
   */
  @Nullable Lane tryHome() {
    Lane lane = lanes.get(home());
    return lane != null && lane.tryEnter() ? lane : null;
  }

  /** A free one; null if there is none and no more is allowed, where each takes {@code bytes}. */
  @Nullable Lane tryAny(long bytes) {
    int home = home();
    for (int i = 0; i < SIZE; i++) {
      Lane lane = at((home + i) & (SIZE - 1), bytes);
      if (lane == null || lane.tryEnter()) {
        return lane;
      }
    }
    return null;
  }

  private static int home() {
    return (int) Thread.currentThread().getId() * 31 & (SIZE - 1);
  }

  private @Nullable Lane at(int place, long bytes) {
    Lane lane = lanes.get(place);
    if (lane != null) {
      return lane;
    }
    if (count.incrementAndGet() * bytes > MAX_BYTES) {
      count.decrementAndGet();
      return null;
    }
    Lane made = new Lane(dispatcher, firstIndex + place, instance);
    if (lanes.compareAndSet(place, null, made)) {
      return made;
    }
    count.decrementAndGet(); // another thread was quicker
    return lanes.get(place);
  }

  void addTo(List<Lane> all) {
    for (int i = 0; i < SIZE; i++) {
      Lane lane = lanes.get(i);
      if (lane != null) {
        all.add(lane);
      }
    }
  }

  boolean isHeld(Version<?, ?> version) {
    for (int i = 0; i < SIZE; i++) {
      Lane lane = lanes.get(i);
      if (lane != null && lane.held == version) {
        return true;
      }
    }
    return false;
  }
}
