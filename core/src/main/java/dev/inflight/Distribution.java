package dev.inflight;

import java.util.Arrays;

/**
 * A histogram while it grows: {@link #SUB} buckets to each power of two, so a bucket is at most a
 * sixteenth as wide as the values in it. One thread at a time writes, without waiting; whoever
 * reads meanwhile may miss the latest values.
 *
 * <p>Invariant: value {@code v} is counted at {@code index(v)}; {@code counts} reaches as far as
 * the largest value so far needs, because all of it would be 5 kB for each lane of each version.
 */
final class Distribution {
  private static final int SUB_BITS = 4;
  static final int SUB = 1 << SUB_BITS;

  /** Up to 2^41: 36 minutes of nanoseconds. What is larger counts as that. */
  private static final int OCTAVES = 38;

  static final int BUCKETS = OCTAVES * SUB;

  private long[] counts = {};
  private long sum;
  private long max;

  static int index(long value) {
    if (value < SUB) {
      return (int) Math.max(0, value);
    }
    int shift = 63 - SUB_BITS - Long.numberOfLeadingZeros(value);
    int index = (shift + 1) * SUB + (int) (value >>> shift) - SUB;
    return Math.min(index, BUCKETS - 1);
  }

  /** The smallest value of a bucket; that of the bucket after the last one is its end. */
  static long from(int index) {
    int octave = index / SUB;
    return octave == 0 ? index : (long) (SUB + index % SUB) << (octave - 1);
  }

  void record(long value) {
    add(value, 1);
    if (value > max) {
      max = value;
    }
  }

  /** Takes back what was {@linkplain #record recorded}; the largest value stays. */
  void undo(long value) {
    add(value, -1);
  }

  private void add(long value, int times) {
    int index = index(value);
    if (index >= counts.length) {
      counts = Arrays.copyOf(counts, index / SUB * SUB + SUB);
    }
    counts[index] += times;
    sum += times * Math.max(0, value);
  }

  Histogram snapshot() {
    return new Histogram(counts.clone(), sum, max);
  }
}
