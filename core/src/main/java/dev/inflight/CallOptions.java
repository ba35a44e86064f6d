package dev.inflight;

import java.time.Duration;
import java.util.Optional;

/**
 * How one call is to be made.
 *
 * @param timeout from the call to its answer; without one the call waits as long as the model takes
 * @param priority against other calls of the same model that wait
 * @param version the only one that may answer, by its name; without one whatever serves. For calls
 *     that belong together: it has to be resident
 * @param key of whoever asks: while two versions share the traffic the same key gets the same one
 * @param attachment goes with the call to {@link InferenceRun#attachments()}, and nobody looks at
 *     it: for listeners that must know whose rows a run had
 */
public record CallOptions(
    Optional<Duration> timeout,
    Priority priority,
    Optional<String> version,
    Optional<String> key,
    Optional<Object> attachment) {
  private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE);
  private static final CallOptions DEFAULTS =
      new CallOptions(
          Optional.empty(), Priority.NORMAL, Optional.empty(), Optional.empty(), Optional.empty());

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
    if (timeout.isPresent() && timeout.get().compareTo(LONGEST) > 0) {
      timeout = Optional.of(LONGEST);
    }
  }

  /** {@return no timeout, normal priority} */
  public static CallOptions defaults() {
    return DEFAULTS;
  }

  /** {@return the defaults with a timeout} */
  public static CallOptions timeout(Duration timeout) {
    return DEFAULTS.withTimeout(timeout);
  }

  /** {@return this with another timeout} */
  public CallOptions withTimeout(Duration timeout) {
    return new CallOptions(Optional.of(timeout), priority, version, key, attachment);
  }

  /** {@return this with another priority} */
  public CallOptions withPriority(Priority priority) {
    return new CallOptions(timeout, priority, version, key, attachment);
  }

  /** {@return this, for that version only} */
  public CallOptions withVersion(String version) {
    return new CallOptions(timeout, priority, Optional.of(version), key, attachment);
  }

  /** {@return this, on behalf of that key} */
  public CallOptions withKey(String key) {
    return new CallOptions(timeout, priority, version, Optional.of(key), attachment);
  }

  /** {@return this, with that object for listeners} */
  public CallOptions withAttachment(Object attachment) {
    return new CallOptions(timeout, priority, version, key, Optional.of(attachment));
  }

  /** Whether a call may be made without looking at these. */
  boolean isPlain() {
    return timeout.isEmpty()
        && priority == Priority.NORMAL
        && version.isEmpty()
        && attachment.isEmpty();
  }
}
