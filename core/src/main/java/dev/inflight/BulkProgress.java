package dev.inflight;

import java.time.Duration;
import java.util.Locale;

/**
 * How far a bulk call is.
 *
 * @param rows that were answered or failed
 * @param failed of them
 * @param elapsed since the call began
 * @param model the version that answers all of it
 */
public record BulkProgress(long rows, long failed, Duration elapsed, ModelInfo model) {
  /** {@return the rate since the call began} */
  public double rowsPerSecond() {
    return elapsed.isZero() ? 0 : rows / (elapsed.toNanos() / 1e9);
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%s: %,d rows (%,d failed) in %.1f s, %,.0f rows/s",
        model.label(),
        rows,
        failed,
        elapsed.toNanos() / 1e9,
        rowsPerSecond());
  }
}
