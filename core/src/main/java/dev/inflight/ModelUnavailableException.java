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
    NOT_RESIDENT,
    /**
     * Another model needed the memory while nobody called this one. The call has asked for it, and
     * it is being loaded again: wait for {@code ready()}, or call with a timeout, which waits.
     */
    UNLOADED,
    /**
     * There was no room for two versions, so what served was unloaded first and the next one is
     * being loaded; the old one comes back if that fails: wait for {@code ready()}, or call with a
     * timeout, which waits.
     */
    SWAPPING
  }

  private final Reason reason;

  /** For slots and deployments. */
  public ModelUnavailableException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  /** {@return why there is none} */
  public Reason reason() {
    return reason;
  }

  @Override
  public boolean retryable() {
    return reason != Reason.CLOSED && reason != Reason.NOT_RESIDENT;
  }
}
