package dev.inflight;

/** Which of the calls that wait goes first. */
public enum Priority {
  /** Somebody waits for the answer. */
  NORMAL,
  /**
   * Goes when no {@link #NORMAL} call of the same model waits, and at least once in eight runs, so
   * it is never starved.
   */
  LOW
}
