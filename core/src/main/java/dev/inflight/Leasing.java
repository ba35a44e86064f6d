package dev.inflight;

import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Which version is current, and who uses which.
 *
 * <p>Invariant: a version that some lane uses is never ended, and every retired version is ended.
 * Not final so that the tests can break each step and see the stress test notice.
 */
class Leasing<I, O> {
  /*
   * Design: hazard pointers, one per lane. All fields are volatile, so there is one order of all steps.
   *
   *   lane: held = v; if current == v, v is leased     retire: current = next; v.retired = true; ask the reaper
   *   lane: held = null; if v.retired, ask the reaper  reaper: if no lane holds v, end it
   *
   * A pin is a lease without a lane: pins++ takes the place of held = v, and the reaper looks at both, at the pins first:
   * a lane leases on behalf of a pin, which may go while the lane holds v. After the last pin of a retired version no lane
   * may come any more: the reaper says so in unpinned before it looks at the lanes, a lane looks at it after held = v. The
   * count itself would not do, a pin() that comes too late counts up and down again.
   *
   * A lane that confirmed v announced it before current moved on, so the reaper sees it. A lane that announces v later finds
   * another current and does not use v. A lane that clears held after the reaper looked sees v.retired and asks again.
   */
  private final Lanes lanes;
  private final Consumer<Runnable> reaper;
  private volatile @Nullable Version<I, O> current;

  Leasing(Lanes lanes, Consumer<Runnable> reaper) {
    this.lanes = lanes;
    this.reaper = reaper;
  }

  final @Nullable Version<I, O> current() {
    return current;
  }

  /** The current version, in use by {@code lane} until {@link #release}; null if there is none. */
  @Nullable Version<I, O> lease(Lane lane) {
    while (true) {
      Version<I, O> version = current;
      if (version == null) {
        return null;
      }
      lane.held = version;
      if (current == version) {
        return version;
      }
      release(lane, version);
    }
  }

  void release(Lane lane, Version<I, O> version) {
    lane.held = null;
    if (version.retired) {
      reap(version);
    }
  }

  /**
   * The current version, kept until {@link #unpin} even when it is swapped out; null if there is
   * none. The pin is announced before the second look, as a lease is.
   */
  final @Nullable Version<I, O> pin() {
    while (true) {
      Version<I, O> version = current;
      if (version == null) {
        return null;
      }
      version.pins().incrementAndGet();
      if (current == version) {
        return version;
      }
      unpin(version);
    }
  }

  final void unpin(Version<I, O> version) {
    version.pins().decrementAndGet();
    if (version.retired) {
      reap(version);
    }
  }

  /** Leases a version that was pinned; null if it may be over. */
  final @Nullable Version<I, O> lease(Lane lane, Version<I, O> pinned) {
    lane.held = pinned;
    if (!pinned.unpinned) {
      return pinned;
    }
    release(lane, pinned);
    return null;
  }

  /**
   * As {@link #pin()}, of a version that is current or not; false if it may be over. A pin that
   * comes too late keeps nothing, and no lane leases on its behalf.
   */
  final boolean pin(Version<I, O> version) {
    version.pins().incrementAndGet();
    if (!version.unpinned) {
      return true;
    }
    version.pins().decrementAndGet();
    return false;
  }

  /** A pinned version goes when nobody uses it any more, and nobody has swapped it in. */
  final void dismiss(Version<I, O> version) {
    if (current != version) {
      version.retired = true;
    }
    unpin(version);
  }

  /**
   * Makes {@code next}, which is new or pinned, current and gives up the version before, if any.
   * Not concurrently.
   */
  void swap(@Nullable Version<I, O> next) {
    Version<I, O> before = current;
    if (before == next) {
      return;
    }
    if (next != null) {
      next.retired = false; // it may have been current before
    }
    publish(next);
    if (before != null) {
      retire(before);
    }
  }

  final void publish(@Nullable Version<I, O> next) {
    current = next;
  }

  final void retire(Version<I, O> version) {
    version.retired = true;
    reap(version);
  }

  final void reap(Version<I, O> version) {
    reaper.accept(
        () -> {
          if (version.pins().get() > 0) {
            return; // who takes the last one back asks again
          }
          version.unpinned = true;
          if (!isHeld(version)) {
            version.end();
          }
        });
  }

  boolean isHeld(Version<I, O> version) {
    return lanes.dispatcher().isHeld(version);
  }
}
