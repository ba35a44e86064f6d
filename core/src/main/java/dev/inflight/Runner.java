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
   * Asks a run in progress to stop early; comes from another thread, may come late, may be ignored.
   */
  default void cancel() {}

  /** Frees what the runner holds. Called once, never during {@link #run}. */
  @Override
  void close();
}
