package dev.inflight.bench;

/** One way to ask one model for a batch. */
interface Variant {
  /** {@return something that depends on the answer} */
  float call() throws Exception;

  /** Frees everything. */
  void close() throws Exception;
}
