package dev.inflight;

/** Where the engine reads monotonic time, so that tests can hold it. */
@FunctionalInterface
interface Ticker {
  Ticker SYSTEM = System::nanoTime;

  /** Nanoseconds from an arbitrary origin. */
  long nanos();
}
