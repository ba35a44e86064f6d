package dev.inflight.requestlog;

import java.util.function.DoubleSupplier;
import org.jspecify.annotations.Nullable;

/** Chooses calls of one model. Used by all its callers at once. */
interface Sampler {
  /** Where the record of a chosen call goes when the call has ended; once. */
  interface Place {
    void put(byte[] line);
  }

  /** The place of a call that begins now; null, for most, if it is not logged. */
  @Nullable Place take();

  /** Gives away what is due. */
  void tick();

  /** Gives away everything; calls that still come are not logged. */
  void close();

  /** Of calls with a chance of their own. */
  static Sampler rate(double rate, DoubleSupplier random, LineQueue queue) {
    Place place = queue::offer;
    return new Sampler() {
      private volatile boolean closed;

      @Override
      public @Nullable Place take() {
        return random.getAsDouble() < rate && !closed ? place : null;
      }

      @Override
      public void tick() {}

      @Override
      public void close() {
        closed = true;
      }
    };
  }
}
