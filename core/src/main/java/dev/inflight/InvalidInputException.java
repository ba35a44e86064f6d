package dev.inflight;

/**
 * This row does not fit the model; no native code has seen it. Remedy: mend the row. Other rows are
 * not affected.
 */
public final class InvalidInputException extends InferenceException {
  private static final long serialVersionUID = 1;

  /** Without a cause. */
  public InvalidInputException(String message) {
    super(message);
  }

  /** With a cause. */
  public InvalidInputException(String message, Throwable cause) {
    super(message, cause);
  }

  @Override
  public boolean retryable() {
    return false;
  }
}
