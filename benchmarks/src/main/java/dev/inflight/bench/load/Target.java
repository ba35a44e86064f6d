package dev.inflight.bench.load;

import org.jspecify.annotations.Nullable;

/** One way to serve many callers. */
public interface Target {
  /** A blocking caller, for one thread. */
  interface Caller {
    /** {@return the answer} */
    float[] call(float[] row) throws Exception;

    /** Frees what is the caller's own. */
    default void close() {}
  }

  /** What follows an answer. */
  interface Completion {
    /** The answer is there, or the call failed. */
    void done(@Nullable Throwable failure);
  }

  /** {@return a caller of its own for each thread} */
  Caller newCaller() throws Exception;

  /**
   * Asks without waiting.
   *
   * @throws RuntimeException if the call is refused
   */
  default void submit(float[] row, Completion then) {
    throw new UnsupportedOperationException("blocking only");
  }

  /** Frees everything, when no caller is inside. */
  void close() throws Exception;
}
