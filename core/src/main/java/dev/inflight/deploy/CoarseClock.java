package dev.inflight.deploy;

import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * {@link System#nanoTime()} to a tenth of a second, which costs a read where the clock costs a
 * hundredth of the shortest call. Any thread.
 *
 * <p>Invariant: it ticks exactly while somebody uses it.
 */
final class CoarseClock implements LongSupplier {
  static final CoarseClock SHARED = new CoarseClock();

  private static final long TICK_MILLIS = 100;

  private volatile long now = System.nanoTime();
  private int users; // guarded by this, as what follows
  private @Nullable Future<?> ticking;

  private void tick() {
    now = System.nanoTime();
  }

  synchronized void start() {
    if (users++ == 0) {
      tick();
      ticking =
          Clockwork.timer()
              .scheduleWithFixedDelay(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
    }
  }

  synchronized void stop() {
    Future<?> task = ticking;
    if (--users == 0 && task != null) {
      task.cancel(false);
      ticking = null;
    }
  }

  @Override
  public long getAsLong() {
    return now;
  }
}
