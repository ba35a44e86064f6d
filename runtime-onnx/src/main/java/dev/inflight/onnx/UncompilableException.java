package dev.inflight.onnx;

/** A model, or a part of one, that only ONNX Runtime runs. The message says which. */
final class UncompilableException extends RuntimeException {
  private static final long serialVersionUID = 1;

  UncompilableException(String what) {
    super(what);
  }
}
