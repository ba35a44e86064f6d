package dev.inflight;

import java.time.Duration;
import java.util.Optional;

/**
 * How one call is to be made.
 *
 * @param timeout from the call to its answer; without one the call waits as long as the model takes
 */
public record CallOptions(Optional<Duration> timeout) {
  private static final CallOptions DEFAULTS = new CallOptions(Optional.empty());

  /**
   * Checks the timeout.
   *
   * @throws IllegalArgumentException if it is not positive
   */
  public CallOptions {
    if (timeout.isPresent() && (timeout.get().isNegative() || timeout.get().isZero())) {
      throw new IllegalArgumentException(
          "timeout: expected a positive duration, got " + timeout.get());
    }
  }

  /** {@return no timeout} */
  public static CallOptions defaults() {
    return DEFAULTS;
  }

  /** {@return the defaults with a timeout} */
  public static CallOptions timeout(Duration timeout) {
    return DEFAULTS.withTimeout(timeout);
  }

  /** {@return this with another timeout} */
  public CallOptions withTimeout(Duration timeout) {
    return new CallOptions(Optional.of(timeout));
  }
}
