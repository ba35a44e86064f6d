package dev.inflight;

/** There is no model to answer. Remedy: by {@link #reason()}. */
public final class ModelUnavailableException extends InferenceException {
  private static final long serialVersionUID = 1;

  /** Why there is none. */
  public enum Reason {
    /**
     * No version is live yet, or the slot's model was taken: wait for {@code ready()}, or swap one
     * in.
     */
    NOT_READY,
    /** The slot or deployment was closed. */
    CLOSED,
    /** The version that the call asked for is not resident, or not any more: call another one. */
    NOT_RESIDENT
  }

  private final Reason reason;

  /** For slots and deployments. */
  ModelUnavailableException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** {@return why there is none} */
  public Reason reason() {
    return reason;
  }

  @Override
  public boolean retryable() {
    return reason == Reason.NOT_READY;
  }
}
