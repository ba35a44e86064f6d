package dev.inflight.bench.call;

/** One way to ask one model for a batch, from one thread; the next call takes the next rows. */
public interface Variant {
  /** {@return something that depends on the answer} */
  float call() throws Exception;

  /** Frees everything. */
  default void close() throws Exception {}
}
