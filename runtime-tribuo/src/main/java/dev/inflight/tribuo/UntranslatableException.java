package dev.inflight.tribuo;

/** Something in a model whose arithmetic is not known exactly: Tribuo itself must answer for it. */
final class UntranslatableException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  UntranslatableException(String what) {
    super(what);
  }
}
