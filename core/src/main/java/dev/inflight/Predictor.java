package dev.inflight;

import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Function;

/**
 * Answers rows. Safe for any number of threads; lives as long as the slot or deployment it comes
 * from, and is not closed.
 *
 * <p>Every method throws {@link ModelUnavailableException} when no version is live, {@link
 * InvalidInputException} for a row that does not fit, and {@link PredictionFailedException} when
 * model or codec throw. A caller that is interrupted while it waits gets {@link
 * java.util.concurrent.CancellationException} with its flag set.
 *
 * @param <I> a row
 * @param <O> an answer
 */
public interface Predictor<I, O> {
  /**
   * {@return the answer} Runs on the calling thread where a lane is free, else waits its turn.
   *
   * @throws OverloadedException at once, if the queue is full
   */
  default O predict(I row) {
    return call(row, CallOptions.defaults()).value();
  }

  /**
   * {@return the answer}
   *
   * @throws OverloadedException at once, if the queue is full or the timeout cannot be met
   * @throws DeadlineExceededException when the timeout passes, whatever the model does
   */
  default O predict(I row, CallOptions options) {
    return call(row, options).value();
  }

  /**
   * {@return the answer, the version that gave it, and the id of the call} Throws as {@link
   * #predict(Object, CallOptions)}.
   */
  Prediction<O> call(I row, CallOptions options);

  /**
   * {@return a future of the answer} Continuations run on library threads that hold no lane. One
   * that blocks is waited for for a millisecond, then another thread goes on without it. Cancelling
   * the future takes a waiting row out of the queue.
   *
   * @throws OverloadedException at once, if the queue is full
   */
  CompletableFuture<Prediction<O>> submit(I row, CallOptions options);

  /** As {@link #submit(Object, CallOptions)} without a timeout. */
  default CompletableFuture<Prediction<O>> submit(I row) {
    return submit(row, CallOptions.defaults());
  }

  /**
   * {@return the answers, in order, all from one version} Waits where other calls are rejected.
   *
   * @throws InferenceException the first failure, if a row fails
   */
  List<O> predictAll(List<? extends I> rows);

  /**
   * Answers every row of {@code rows}, in order, all from the version that is current now, on all
   * lanes, in memory that does not depend on their number. Takes rows and gives answers on the
   * calling thread; waits where other calls are rejected. A row that fails is a failed outcome and
   * ends nothing.
   *
   * @param options the timeout is that of each chunk of rows, not of the whole
   * @return what was done, when the last answer was given
   */
  BulkProgress predictAll(
      Iterator<? extends I> rows, CallOptions options, BulkSink<? super O> sink);

  /**
   * {@return a predictor that calls {@code model}: for the tests of code that takes a predictor}
   */
  static <I, O> Predictor<I, O> of(Function<? super I, ? extends O> model) {
    return new FunctionPredictor<>(model);
  }
}
