package dev.inflight;

/**
 * A version could not be brought up. What served before still serves. Remedy: by {@link #stage()};
 * publish a good version.
 */
public final class ModelLoadException extends InferenceException {
  private static final long serialVersionUID = 1;

  /** How far the version came. */
  public enum Stage {
    /**
     * The backend itself does not work here: no native library, temporary directory not executable.
     */
    RUNTIME,
    /** No such version, or it cannot be copied. */
    FETCH,
    /** The bytes are not those that were published. */
    VERIFY,
    /** The runtime or our own checks refused the model. */
    LOAD,
    /** The model does not fit the codec. */
    BIND,
    /** A gate refused it: look at its answers. */
    GATE,
    /** There is no room for it beside what serves: retire models, or raise the budget. */
    MEMORY
  }

  private final Stage stage;

  /** Without a cause. */
  public ModelLoadException(Stage stage, String message) {
    super(message);
    this.stage = stage;
  }

  /** With a cause. */
  public ModelLoadException(Stage stage, String message, Throwable cause) {
    super(message, cause);
    this.stage = stage;
  }

  /** {@return how far the version came} */
  public Stage stage() {
    return stage;
  }

  @Override
  public boolean retryable() {
    return stage == Stage.FETCH || stage == Stage.MEMORY;
  }
}
