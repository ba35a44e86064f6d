package dev.inflight.bench;

/** One way to ask one model for a batch. */
interface Variant extends AutoCloseable {
  /** {@return something that depends on the answer} */
  float call() throws Exception;

  @Override
  void close() throws Exception;
}
