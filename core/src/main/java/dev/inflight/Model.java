package dev.inflight;

/**
 * One loaded version: what a backend implements. Its owner, usually a {@link ModelSlot}, guarantees
 * that {@link #close} is called once, after every runner was closed, and never overlaps any other
 * call.
 *
 * @param <I> a row, as the user has it
 * @param <O> an answer, as the user wants it
 */
public interface Model<I, O> extends AutoCloseable {
  /** {@return what is loaded; constant} */
  ModelInfo info();

  /**
   * {@return a new runner for that lane} Called at most once per lane, on a thread that holds the
   * lane.
   *
   * @throws Exception if there is no memory for it; the call that needed it fails, the next one
   *     tries again
   */
  Runner<I, O> newRunner(Lane lane) throws Exception;

  /**
   * Refuses a row that must not reach native code: names, dtypes, rank, dimensions, size. Called on
   * the caller's thread, concurrently, and possibly after {@link #close}: it may look at Java data
   * only.
   *
   * @throws InvalidInputException naming subject, expected and got
   */
  default void validate(I row) {}

  /**
   * {@return the memory this row keeps while it is queued, in bytes; an estimate, constant for the
   * row}
   */
  default long bytes(I row) {
    return 0;
  }

  /**
   * {@return the most rows that one native run may answer together; at least 1} 1 where rows cannot
   * share a run, for example because the signature fixes the batch dimension. Read before every
   * run, so a backend may lower it when it learns better.
   */
  default int maxBatch() {
    return Integer.MAX_VALUE;
  }

  /**
   * {@return whether the two rows may share a run} Both were accepted by {@link #validate}. Called
   * under a lock: must be quick.
   */
  default boolean batchesWith(I row, I other) {
    return true;
  }

  /**
   * {@return how many rows this one counts for in bounds and batches; at least 1} More than 1 only
   * where the user's row is itself a batch.
   */
  default int rows(I row) {
    return 1;
  }

  /** {@return the memory the model holds outside the Java heap, in bytes; an estimate} */
  default long memoryBytes() {
    return 0;
  }

  /** Frees everything, the codec it bound included. May block; must not throw for a good model. */
  @Override
  void close();
}
