package dev.inflight;

/**
 * Something went wrong that a correct program must expect: the family is closed, and each kind has
 * one remedy. Messages say subject, what was expected, what came, and the state; they never contain
 * inputs or outputs.
 */
public abstract sealed class InferenceException extends RuntimeException
    permits ModelLoadException,
        ModelUnavailableException,
        InvalidInputException,
        OverloadedException,
        DeadlineExceededException,
        PredictionFailedException {
  private static final long serialVersionUID = 1;

  InferenceException(String message) {
    super(message);
  }

  InferenceException(String message, Throwable cause) {
    super(message, cause);
  }

  /** {@return whether the same call, made again a little later and unchanged, may succeed} */
  public abstract boolean retryable();
}
