package dev.inflight;

import java.time.Duration;

/**
 * How the calls of one model may wait and share a run. The defaults suit every model: rows that
 * meet share a run only where that was measured to cost less than it saves, so a knob is a limit,
 * never a demand.
 *
 * @param maxBatch the most rows in a run; 1 switches batching off
 * @param maxDelay how long the oldest row waits for company; zero, the default, means that a batch
 *     is what queued while the lanes were busy. More than zero sends every call through the queue
 * @param queueRows the most rows of this model that wait; more are refused
 * @param queueBytes the most bytes of this model that wait; more are refused
 * @param callerRuns whether a call with a timeout may run on its caller's thread, where the timeout
 *     is looked at before the run only: a thread inside native code cannot leave it
 */
public record Batching(
    int maxBatch, Duration maxDelay, int queueRows, long queueBytes, boolean callerRuns) {
  /** Beyond this a batch gains less than 1 % on every model measured, and its last row waits. */
  static final int MAX_BATCH = 256;

  /** Enough for a burst, short enough to be answered in time. */
  static final int QUEUE_ROWS = 1024;

  /** What a service can lose to waiting rows without noticing. */
  static final long QUEUE_BYTES = 64L << 20;

  /** A row that waits longer for company is a mistake. */
  private static final Duration LONGEST_DELAY = Duration.ofHours(1);

  private static final Batching AUTO =
      new Batching(MAX_BATCH, Duration.ZERO, QUEUE_ROWS, QUEUE_BYTES, false);

  /**
   * Checks every limit.
   *
   * @throws IllegalArgumentException if one is not positive, or the delay is negative or longer
   *     than an hour
   */
  public Batching {
    requirePositive("maxBatch", maxBatch);
    requirePositive("queueRows", queueRows);
    requirePositive("queueBytes", queueBytes);
    if (maxDelay.isNegative() || maxDelay.compareTo(LONGEST_DELAY) > 0) {
      throw new IllegalArgumentException(
          "maxDelay: expected zero to " + LONGEST_DELAY + ", got " + maxDelay);
    }
  }

  private static void requirePositive(String what, long value) {
    if (value <= 0) {
      throw new IllegalArgumentException(what + ": expected at least 1, got " + value);
    }
  }

  /**
   * {@return what suits every model: up to 256 rows a run, no delay, 1024 rows or 64 MiB waiting}
   */
  public static Batching auto() {
    return AUTO;
  }

  /** {@return this with at most {@code rows} in a run} */
  public Batching withMaxBatch(int rows) {
    return new Batching(rows, maxDelay, queueRows, queueBytes, callerRuns);
  }

  /** {@return this, letting the oldest row wait that long for company} */
  public Batching withMaxDelay(Duration delay) {
    return new Batching(maxBatch, delay, queueRows, queueBytes, callerRuns);
  }

  /** {@return this with at most that many rows and bytes waiting} */
  public Batching withQueue(int rows, long bytes) {
    return new Batching(maxBatch, maxDelay, rows, bytes, callerRuns);
  }

  /** {@return this, running calls with a timeout on their callers too, or not} */
  public Batching withCallerRuns(boolean callerRuns) {
    return new Batching(maxBatch, maxDelay, queueRows, queueBytes, callerRuns);
  }
}
