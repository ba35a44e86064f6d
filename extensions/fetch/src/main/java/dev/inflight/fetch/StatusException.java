package dev.inflight.fetch;

import java.io.IOException;

/** A server answered, but not with what was asked for. */
public final class StatusException extends IOException {
  private static final long serialVersionUID = 1;

  private final int status;

  StatusException(int status, String message) {
    super(message);
    this.status = status;
  }

  /** {@return the HTTP status} */
  public int status() {
    return status;
  }

  /** {@return whether the request itself is at fault, so that asking again is of no use} */
  public boolean isFinal() {
    return status >= 400 && status < 500 && status != 408 && status != 425 && status != 429;
  }
}
