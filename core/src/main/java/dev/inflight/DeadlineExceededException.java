package dev.inflight;

import java.time.Duration;

/**
 * The call's timeout passed before the answer was there. Remedy: a longer timeout, more lanes, or
 * less load.
 */
public final class DeadlineExceededException extends InferenceException {
  private static final long serialVersionUID = 1;

  private final boolean running;

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
    this.running = running;
  }

  /** {@return whether the row was in a run: the model takes long; else it never had its turn} */
  public boolean running() {
    return running;
  }

  @Override
  public boolean retryable() {
    return true;
  }
}
