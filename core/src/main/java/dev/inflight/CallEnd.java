package dev.inflight;

import java.util.concurrent.CancellationException;

/** How a prediction ended; each ends in exactly one of these. */
public enum CallEnd {
  /** Answered. */
  COMPLETED,
  /** The model, or its codec, failed on this row: {@link PredictionFailedException}. */
  FAILED,
  /** The row does not fit the model, and nothing ran: {@link InvalidInputException}. */
  INVALID,
  /** The queue was full, or too long for the timeout: {@link OverloadedException}. */
  REJECTED,
  /** Its timeout passed, before or while it ran: {@link DeadlineExceededException}. */
  TIMED_OUT,
  /** Its caller was interrupted, or cancelled the future. */
  CANCELLED,
  /** No version serves, or not the one that was asked for: {@link ModelUnavailableException}. */
  UNAVAILABLE;

  /** {@return how a call ended whose caller, or whose future, got {@code failure}} */
  public static CallEnd of(Throwable failure) {
    if (failure instanceof CancellationException) {
      return CANCELLED;
    } else if (failure instanceof InvalidInputException) {
      return INVALID;
    } else if (failure instanceof OverloadedException) {
      return REJECTED;
    } else if (failure instanceof DeadlineExceededException) {
      return TIMED_OUT;
    } else if (failure instanceof ModelUnavailableException) {
      return UNAVAILABLE;
    }
    return FAILED;
  }
}
