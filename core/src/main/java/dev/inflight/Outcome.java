package dev.inflight;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * What became of one row of a run: a value or a failure, never both, never neither.
 *
 * @param <O> the user's answer
 */
public final class Outcome<O> {
  private final @Nullable O value;
  private final @Nullable InferenceException failure;

  private Outcome(@Nullable O value, @Nullable InferenceException failure) {
    this.value = value;
    this.failure = failure;
  }

  /** {@return the outcome of a row that was answered} */
  public static <O> Outcome<O> of(O value) {
    return new Outcome<>(Objects.requireNonNull(value, "value"), null);
  }

  /** {@return the outcome of a row that failed; its neighbours are not affected} */
  public static <O> Outcome<O> failed(InferenceException failure) {
    return new Outcome<>(null, Objects.requireNonNull(failure, "failure"));
  }

  /** {@return whether there is a value} */
  public boolean succeeded() {
    return failure == null;
  }

  /**
   * {@return the value}
   *
   * @throws InferenceException the failure, if the row failed
   */
  public O value() {
    if (failure != null) {
      throw failure;
    }
    return Objects.requireNonNull(value);
  }

  /**
   * {@return the failure}
   *
   * @throws IllegalStateException if the row succeeded
   */
  public InferenceException failure() {
    if (failure == null) {
      throw new IllegalStateException("the row succeeded");
    }
    return failure;
  }
}
