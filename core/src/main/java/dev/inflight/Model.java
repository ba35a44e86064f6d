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

  /** {@return the memory the model holds outside the Java heap, in bytes; an estimate} */
  default long memoryBytes() {
    return 0;
  }

  /** Frees everything, the codec it bound included. May block; must not throw for a good model. */
  @Override
  void close();
}
