package dev.inflight;

import java.util.Optional;

/**
 * Sees every run, and every call that was not answered. Called on one library thread, later and in
 * order, from a bounded ring: what a listener throws is counted and logged once, and it goes on
 * being called; one that is slow makes the ring overflow, and then events are dropped and counted;
 * one that takes more than a second or two for what is told to it at once, up to 256 events, is
 * left alone until it returns, and misses what happens meanwhile. It can neither fail nor block a
 * call, nor keep another listener from its events for longer than two seconds. Where each event
 * counts there is {@link InferenceStats}, which misses none.
 */
public interface InferenceListener {
  /** A run ended. Runs that only compare or warm up a version are left out. */
  default void onRun(InferenceRun run) {}

  /**
   * Predictions ended otherwise than {@linkplain CallEnd#COMPLETED completed}.
   *
   * @param model for which they were meant; without a version if there was none
   * @param end why
   * @param predictions how many: a call's rows
   */
  default void onEnded(ModelInfo model, CallEnd end, int predictions) {}

  /**
   * Another version serves from now on.
   *
   * @param before what served until now, if anything did
   * @param model what serves
   */
  default void onSwapped(Optional<ModelInfo> before, ModelInfo model) {}

  /** No lane will run it any more, and it is about to be closed. */
  default void onRetired(ModelInfo model) {}

  /**
   * {@code events} events did not reach this listener since the last call of this method: the ring
   * was full, or it was left alone.
   */
  default void onDropped(long events) {}
}
