package dev.inflight.dvc;

/** A version cannot be had as its commit describes it; the message says why, without its name. */
final class RefusedException extends Exception {
  private static final long serialVersionUID = 1;

  RefusedException(String reason) {
    super(reason);
  }

  String reason() {
    return String.valueOf(getMessage());
  }
}
