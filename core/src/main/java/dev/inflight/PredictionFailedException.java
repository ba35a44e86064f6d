package dev.inflight;

/**
 * The model, its runtime or the codec threw. The cause has what they said. Remedy: fix the model or
 * the codec.
 */
public final class PredictionFailedException extends InferenceException {
  private static final long serialVersionUID = 1;

  /** Without a cause. */
  public PredictionFailedException(String message) {
    super(message);
  }

  /** With a cause. */
  public PredictionFailedException(String message, Throwable cause) {
    super(message, cause);
  }

  @Override
  public boolean retryable() {
    return false;
  }
}
