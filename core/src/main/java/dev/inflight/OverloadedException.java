package dev.inflight;

/**
 * The queue is full, or so long that the call's timeout cannot be met; thrown at once, nothing was
 * done. Remedy: shed load, or retry with back-off.
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

  private OverloadedException(String message, long depth, long capacity) {
    super(message);
    this.depth = depth;
    this.capacity = capacity;
  }

  /** For a call that cannot be answered in time. */
  static OverloadedException late(
      String model, long timeoutNanos, double expectedNanos, int depth, BatchingReport report) {
    return new OverloadedException(
        String.format(
            java.util.Locale.ROOT,
            "call to %s: expected an answer within %.3f ms, but %d rows wait and it would take %.3f ms (%s)",
            model,
            timeoutNanos / 1e6,
            depth,
            expectedNanos / 1e6,
            report),
        depth,
        depth);
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
