package dev.inflight.bench.section;

import java.util.function.Consumer;

/** One way to score many rows. */
interface BulkLoop {
  /** {@return the size of its batches} */
  int size();

  /** {@return how many threads it takes} */
  int threads();

  /** Hands every answer over, a new array each. With more than one thread, under a lock. */
  void score(int rows, Consumer<float[]> sink) throws Exception;
}
