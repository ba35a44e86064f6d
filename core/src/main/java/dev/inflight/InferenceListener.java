package dev.inflight;

/**
 * Sees every call. Called on one library thread, later and in order, from a bounded ring: a
 * listener that throws is logged once and goes on being called; one that is slow makes the ring
 * overflow, and then events are dropped and counted. It can neither fail nor block a call.
 * Durations are nanoseconds.
 */
public interface InferenceListener {
  /**
   * A run ended and answered.
   *
   * @param rows in the run
   * @param queueNanos from the call to its run; 0 when the caller ran it itself
   * @param runNanos encode, native run and decode together
   */
  default void onPredicted(ModelInfo model, int rows, long queueNanos, long runNanos) {}

  /** A call failed, with this kind of failure. */
  default void onFailed(ModelInfo model, InferenceException failure) {}

  /**
   * {@code events} events were dropped since the last call of this method, because this listener
   * was slow.
   */
  default void onDropped(long events) {}
}
