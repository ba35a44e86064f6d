package dev.inflight;

/**
 * Where a bulk call's answers go. Called on the thread of the bulk call, one row after the other;
 * what it throws ends the call and reaches its caller.
 *
 * @param <O> the user's answer
 */
@FunctionalInterface
public interface BulkSink<O> {
  /** The outcome of row {@code index}, from 0, in the order of the rows. */
  void accept(long index, Outcome<O> outcome);

  /** Now and then, about five times a second, and at the end. */
  default void progress(BulkProgress progress) {}
}
