package dev.inflight;

import java.util.List;

/**
 * One lane's private instance of a model: tensors, flyweights, buffers. Never entered twice at
 * once; calls may come from different threads, each seeing what the one before did.
 *
 * @param <I> a row
 * @param <O> an answer
 */
public interface Runner<I, O> extends AutoCloseable {
  /**
   * Answers every row, in order: the result has exactly one outcome per row. A row that fails alone
   * is a failed outcome; what is thrown fails all rows. The rows were accepted by {@link
   * Model#validate}. The list may be reused by the next call, on both sides.
   */
  List<Outcome<O>> run(List<? extends I> rows) throws Exception;

  /**
   * Answers one row: what {@link #run} would answer for it alone, without a list around it. Worth
   * overriding where a call costs microseconds.
   *
   * @return the answer, not null
   * @throws Exception the row's failure
   */
  default O runOne(I row) throws Exception {
    List<Outcome<O>> outcomes = run(List.of(row));
    if (outcomes.size() != 1) {
      throw new IllegalStateException("expected 1 answer, got " + outcomes.size());
    }
    return outcomes.get(0).value();
  }

  /**
   * Asks the run in progress to stop early, because nobody waits for its answers any more. Comes
   * from another thread, only between the begin and the end of a run, and must not block; may be
   * ignored, must not affect a later run.
   */
  default void cancel() {}

  /** Frees what the runner holds. Called once, never during {@link #run}. */
  @Override
  void close();
}
