package dev.inflight;

/**
 * The queue is full; thrown at once, nothing was done. Remedy: shed load, or retry with back-off.
 */
public final class OverloadedException extends InferenceException {
  private static final long serialVersionUID = 1;
  private final long depth;
  private final long capacity;

  OverloadedException(String model, String unit, long depth, long capacity) {
    super(
        "queue full for "
            + model
            + ": expected room for one more call, got "
            + depth
            + " "
            + unit
            + " waiting (capacity "
            + capacity
            + ")");
    this.depth = depth;
    this.capacity = capacity;
  }

  /** {@return what was waiting, in rows or bytes as the message says} */
  public long depth() {
    return depth;
  }

  /** {@return the bound, in the same unit} */
  public long capacity() {
    return capacity;
  }

  @Override
  public boolean retryable() {
    return true;
  }
}
