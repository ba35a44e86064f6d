package dev.inflight.deploy;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The memory of one version, from before its load until its close has finished: {@link #evict},
 * wait for {@link #granted}, load, {@link #settle}, {@link #live}, {@link #retained} or back,
 * {@link #retiring}, {@link #close}. Any thread; nothing here blocks.
 */
final class MemoryReservation implements AutoCloseable {
  /** More than any process has; keeps sums of them from overflowing. */
  private static final long LARGEST = 1L << 53;

  private static final long NEVER = Long.MAX_VALUE;

  private final MemoryBudget budget;
  private final String deployment;
  private final String version;
  private final CompletableFuture<Void> granted = new CompletableFuture<>();
  private volatile long lastUsed;

  // Guarded by the lock of the budget.
  private List<MemoryReservation> victims;
  private MemoryBudget.State state = MemoryBudget.State.LOADING;
  private long bytes;
  private long owed; // of what was asked for, still held by victims
  private int unreleasedVictims;
  private boolean settled;
  private boolean pinned;
  private boolean closed;
  private long unloadAfterNanos = NEVER;
  private @Nullable LastUse use;
  private Runnable unload = () -> {};
  private @Nullable MemoryReservation claimant;

  /** Under the lock. */
  MemoryReservation(
      MemoryBudget budget,
      String deployment,
      String version,
      long need,
      long free,
      List<MemoryReservation> victims) {
    this.budget = budget;
    this.deployment = deployment;
    this.version = version;
    this.victims = List.copyOf(victims);
    bytes = free;
    owed = need - free;
    unreleasedVictims = victims.size();
    lastUsed = budget.now();
    for (MemoryReservation victim : victims) {
      victim.claimant = this;
    }
    if (victims.isEmpty()) {
      granted.complete(null);
    }
  }

  /** {@return what must be closed before the load, in the order in which it goes} */
  List<MemoryReservation> victims() {
    synchronized (budget.lock) {
      return victims;
    }
  }

  /**
   * Starts to unload the victims, by what each gave to {@link #settle}; then wait for {@link
   * #granted}. Again, it does nothing.
   *
   * @throws RuntimeException what a victim threw; those after it are untouched
   */
  void evict() {
    for (MemoryReservation victim : victims()) {
      unloading(victim).run();
    }
  }

  /** Nothing for one that its own deployment retired meanwhile: it is on its way. */
  private Runnable unloading(MemoryReservation victim) {
    synchronized (budget.lock) {
      if (victim.claimant != this || victim.state == MemoryBudget.State.RETIRING) {
        return () -> {};
      }
      victim.state = MemoryBudget.State.RETIRING;
      return victim.unload;
    }
  }

  /**
   * {@return completes when every victim is closed, on the thread that closed the last one, and at
   * once without victims; is cancelled if this is closed before} Wait with a timeout: a native
   * close may hang.
   */
  CompletableFuture<Void> granted() {
    return granted;
  }

  /**
   * Replaces the estimate by what the loaded version was measured to hold, even if that is more
   * than the budget has.
   *
   * @param unload starts to unload this version, because another needs its memory: must not throw,
   *     block or wait for a reservation, and must lead to {@link #close}; called at most once, on
   *     the other's thread
   */
  void settle(long actualBytes, Runnable unload) {
    if (actualBytes < 0 || actualBytes > LARGEST) {
      throw new IllegalArgumentException(
          "memory of " + label() + ": expected 0 to " + LARGEST + " B, got " + actualBytes);
    }
    boolean passed;
    long expected;
    long used;
    synchronized (budget.lock) {
      if (closed || settled || unreleasedVictims > 0) {
        throw new IllegalStateException(
            "memory: expected to be granted, open and not settled, got " + this);
      }
      settled = true;
      this.unload = unload;
      expected = bytes;
      bytes = actualBytes;
      passed = budget.charge(actualBytes - expected);
      used = budget.usedNow();
    }
    if (passed) {
      budget.warnOfExcess(label(), expected, actualBytes, used);
    }
  }

  /** {@return false if this version must go, and another deployment decided so first} It serves. */
  boolean live() {
    return becomes(MemoryBudget.State.LIVE, NEVER, null);
  }

  /**
   * As {@link #live()}, and others may unload it when it has served for so long and was not used
   * for so long.
   */
  boolean live(Duration unloadableAfter, LastUse lastUse) {
    return becomes(MemoryBudget.State.LIVE, nanos(unloadableAfter), lastUse);
  }

  private static long nanos(Duration duration) {
    return TimeUnit.NANOSECONDS.convert(duration);
  }

  /** {@return false if this version must go} It does not serve, and goes when memory is needed. */
  boolean retained() {
    return becomes(MemoryBudget.State.RETAINED, NEVER, null);
  }

  private boolean becomes(MemoryBudget.State next, long idleNanos, @Nullable LastUse lastUse) {
    synchronized (budget.lock) {
      if (!settled) {
        throw new IllegalStateException(
            "memory of " + label() + ": expected to be settled before " + next + ", got " + state);
      }
      if (doomed()) {
        return false;
      }
      state = next;
      unloadAfterNanos = idleNanos;
      use = lastUse;
    }
    touch();
    return true;
  }

  /** {@return false if this version must go} Nothing evicts it until {@link #unpin}. */
  boolean pin() {
    synchronized (budget.lock) {
      pinned = !doomed();
      return pinned;
    }
  }

  void unpin() {
    synchronized (budget.lock) {
      pinned = false;
    }
  }

  /** It is in use now; one volatile write. */
  void touch() {
    lastUsed = budget.now();
  }

  /** Its close begins. Its bytes count until {@link #close}. */
  void retiring() {
    synchronized (budget.lock) {
      state = MemoryBudget.State.RETIRING;
    }
  }

  /** Gives back every byte, after the model's close has returned; claims are given up. */
  @Override
  public void close() {
    MemoryReservation served;
    synchronized (budget.lock) {
      if (closed) {
        return;
      }
      closed = true;
      for (MemoryReservation victim : victims) {
        if (victim.claimant == this) {
          victim.claimant = null;
        }
      }
      victims = List.of(); // whoever evicted this must not keep all before it
      unload = () -> {};
      served = claimant;
      long passedOn = served == null ? 0 : served.receive(bytes);
      claimant = null;
      budget.charge(passedOn - bytes);
      bytes = 0;
      budget.remove(this);
      if (served != null && served.unreleasedVictims > 0) {
        served = null;
      }
    }
    granted.cancel(false);
    if (served != null) {
      served.granted.complete(null);
    }
  }

  /** Under the lock: a victim is closed; {@return how much of its bytes stays in use, here}. */
  private long receive(long released) {
    long taken = Math.min(owed, released);
    owed -= taken;
    bytes += taken;
    unreleasedVictims--;
    return taken;
  }

  private boolean doomed() {
    return closed || claimant != null || state == MemoryBudget.State.RETIRING;
  }

  /** Under the lock. */
  boolean evictableBy(String other, long now) {
    if (!settled || pinned || doomed()) {
      return false;
    }
    return state == MemoryBudget.State.RETAINED
        || (state == MemoryBudget.State.LIVE
            && unloadAfterNanos != NEVER
            && !deployment.equals(other)
            && (use == null || !use.isInside())
            && idleNanos(now) >= unloadAfterNanos);
  }

  /** Under the lock: whether it is what the same deployment would drop. */
  boolean droppableBy(String same) {
    return state == MemoryBudget.State.LIVE && deployment.equals(same) && !pinned && !doomed();
  }

  /** Under the lock: the smaller, the earlier it goes. */
  int reluctance(String other) {
    if (state == MemoryBudget.State.LIVE) {
      return 2;
    }
    return deployment.equals(other) ? 0 : 1;
  }

  long idleNanos(long now) {
    long own = now - lastUsed;
    return Math.max(0, use == null ? own : Math.min(own, now - use.at()));
  }

  long bytes() {
    return bytes;
  }

  MemoryBudget.State state() {
    return state;
  }

  /** Under the lock. */
  MemoryBudget.Holder holder(long now) {
    return new MemoryBudget.Holder(
        deployment, version, bytes, state, Duration.ofNanos(idleNanos(now)));
  }

  private String label() {
    return deployment + " v" + version;
  }

  /** Under the lock, where it matters. */
  @Override
  public String toString() {
    return label()
        + " "
        + state
        + " "
        + MemoryBudget.size(bytes)
        + (closed ? " closed" : settled ? "" : " estimated")
        + (unreleasedVictims == 0 ? "" : " waits for " + unreleasedVictims + " to close")
        + (claimant == null ? "" : " claimed by " + claimant.label())
        + (pinned ? " pinned" : "");
  }
}
