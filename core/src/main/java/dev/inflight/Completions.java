package dev.inflight;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Completes the futures of one lane, without the lane, in the order of their runs.
 *
 * <p>Invariant: while {@code done} is not empty at least one drainer runs or is about to. One
 * drainer is enough as long as continuations are quick; when none of them got on for {@link
 * #STALLED} nanoseconds another one starts, so a continuation that blocks delays nobody else for
 * long.
 */
final class Completions {
  /** Long against a continuation that hands over, short against a caller's patience. */
  static final long STALLED = 1_000_000;

  /** A thread that has something else to do completes futures for so long, in nanoseconds. */
  static final long BUDGET = 100_000;

  /** More continuations that block for ever than this are the application's problem. */
  private static final int MAX_DRAINERS = 64;

  private final Executor executor;
  private final Ticker ticker;
  private final Surroundings.Alarm alarm;
  private final AtomicBoolean watched = new AtomicBoolean();
  private final ConcurrentLinkedQueue<Runnable> done = new ConcurrentLinkedQueue<>();
  private final AtomicInteger drainers = new AtomicInteger();
  private volatile long delivered;
  private volatile long seen;
  private volatile long seenAt;

  Completions(Surroundings surroundings) {
    executor = surroundings.completions();
    ticker = surroundings.ticker();
    alarm = surroundings.alarm();
  }

  /** For one completion; {@link #flush} must follow, once for any number of them. */
  void add(Runnable completion) {
    done.add(completion);
  }

  /** {@code completion} and whatever else waits, soon. */
  void execute(Runnable completion) {
    add(completion);
    flush();
  }

  boolean isEmpty() {
    return done.isEmpty();
  }

  /**
   * Completes what waits on this thread, for about {@link #BUDGET}; what is left then gets a thread
   * of its own. What a continuation throws goes where it would go there.
   */
  @SuppressWarnings("NonAtomicVolatileUpdate") // only its change is looked at
  void drainHere() {
    if (!drainers.compareAndSet(0, 1)) {
      flush();
      return;
    }
    long begin = ticker.nanos();
    seen = delivered;
    seenAt = begin;
    try {
      Runnable completion;
      while ((completion = done.poll()) != null) {
        watch(); // for those behind it
        completion.run();
        delivered++;
        if (ticker.nanos() - begin > BUDGET) {
          break;
        }
      }
    } catch (Throwable e) {
      Thread here = Thread.currentThread();
      here.getUncaughtExceptionHandler().uncaughtException(here, e);
    } finally {
      drainers.decrementAndGet();
    }
    if (!done.isEmpty()) {
      flush(); // Dekker, as in drain
    }
  }

  void flush() {
    int now = drainers.get();
    if (now == 0 || stalled()) {
      start(now);
    }
    watch();
  }

  /** While anything waits somebody looks again, for the lanes may all hang. */
  private void watch() {
    if (!done.isEmpty() && !watched.get() && watched.compareAndSet(false, true)) {
      var unused =
          alarm.after(
              STALLED,
              () -> {
                watched.set(false);
                flush();
              });
    }
  }

  private void start(int running) {
    if (running < MAX_DRAINERS && !done.isEmpty() && drainers.compareAndSet(running, running + 1)) {
      seen = delivered;
      seenAt = ticker.nanos();
      try {
        executor.execute(this::drain);
      } catch (RuntimeException | OutOfMemoryError e) {
        drainers.decrementAndGet(); // no thread to be had now; the watch tries again
      }
    }
  }

  /** Racy on purpose: at worst a drainer too many, or one a millisecond later. */
  private boolean stalled() {
    long now = ticker.nanos();
    if (delivered != seen) {
      seen = delivered;
      seenAt = now;
      return false;
    }
    if (now - seenAt < STALLED) {
      return false;
    }
    seenAt = now;
    return true;
  }

  @SuppressWarnings("NonAtomicVolatileUpdate") // only its change is looked at
  private void drain() {
    do {
      try {
        Runnable completion;
        while ((completion = done.poll()) != null) {
          completion.run();
          delivered++;
        }
      } finally {
        drainers.decrementAndGet();
      }
      // Dekker: who added before this look is seen here, who adds later sees a drainer less.
    } while (!done.isEmpty() && again());
  }

  private boolean again() {
    int now = drainers.get();
    return now == 0 && drainers.compareAndSet(0, 1);
  }
}
