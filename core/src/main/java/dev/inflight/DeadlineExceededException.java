package dev.inflight;

import java.time.Duration;

/**
 * The call's timeout passed before the answer was there. Remedy: a longer timeout, more lanes, or
 * less load.
 */
public final class DeadlineExceededException extends InferenceException {
  private static final long serialVersionUID = 1;

  DeadlineExceededException(String model, Duration timeout, boolean running, long waiting) {
    super(
        "call to "
            + model
            + ": expected an answer within "
            + timeout.toMillis()
            + " ms, got none (the row was "
            + (running ? "running" : "queued")
            + ", "
            + waiting
            + " calls waiting)");
  }

  @Override
  public boolean retryable() {
    return true;
  }
}
