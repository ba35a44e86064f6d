package dev.inflight.micrometer;

/** What sort of figure; histograms have a bucket for each power of two from one to another. */
enum Kind {
  /** Only grows. */
  COUNTER,
  /** Goes up and down. */
  GAUGE,
  /** A gauge of nanoseconds, shown as seconds. */
  SECONDS,
  /** How many durations, and their sum. */
  TIMES,
  /** The same with buckets, from 1 us to 17 s. */
  DURATIONS(10, 34),
  /** Numbers of rows with buckets. */
  SIZES(0, 13);

  private final int first;
  private final int buckets;

  Kind() {
    first = 0;
    buckets = 0;
  }

  Kind(int firstPower, int lastPower) {
    first = firstPower;
    buckets = lastPower - firstPower + 1;
  }

  int buckets() {
    return buckets;
  }

  /**
   * {@return the largest value in that bucket} Only where {@link dev.inflight.Histogram} ends a
   * bucket of its own can it be cut exactly: just below a power of two; or a sixteenth above, so
   * that runs of 32 or 64 rows, which are common, are at the end of a bucket and not at its start.
   */
  long limit(int bucket) {
    long power = 1L << (first + bucket);
    return this == SIZES ? Math.max(power, power + power / 16 - 1) : power - 1;
  }
}
