package dev.inflight;

import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * What the engine gets from outside, so that a test can hold time and threads in its hand.
 *
 * @param completions where futures complete
 * @param servers what runs the lanes; null for a thread of each lane's own
 */
record Surroundings(Ticker ticker, Alarm alarm, Executor completions, @Nullable Executor servers) {
  static final Surroundings SYSTEM =
      new Surroundings(
          Ticker.SYSTEM,
          (nanos, task) -> Background.timer().schedule(task, nanos, TimeUnit.NANOSECONDS),
          Background.completions(),
          null);

  /** Runs something later. */
  @FunctionalInterface
  interface Alarm {
    Future<?> after(long nanos, Runnable task);
  }
}
