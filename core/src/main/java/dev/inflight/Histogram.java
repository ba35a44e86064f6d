package dev.inflight;

import java.util.ArrayList;
import java.util.List;

/**
 * A distribution of whole numbers: nanoseconds, or rows. Any two can be added, and an earlier one
 * subtracted from a later one. A quantile is within 1/32 (3.2 %) of the true value, numbers below
 * 16 are exact, and so are count, sum and mean. What is above 2^41 (36 minutes of nanoseconds)
 * counts as that.
 */
public final class Histogram {
  /** Of nothing. */
  public static final Histogram EMPTY = new Histogram(new long[0], 0, 0);

  /**
   * How many values were in {@code [from, to)}.
   *
   * @param from the smallest value that counts
   * @param to the first value that does not
   * @param count more than 0
   */
  public record Bucket(long from, long to, long count) {}

  private final long[] counts;
  private final long count;
  private final long sum;
  private final long max;

  /** Keeps {@code counts}, one a bucket of {@link Distribution}. */
  Histogram(long[] counts, long sum, long max) {
    this.counts = counts;
    this.sum = sum;
    this.max = max;
    long all = 0;
    for (long each : counts) {
      all += each;
    }
    count = all;
  }

  /** {@return how many values} */
  public long count() {
    return count;
  }

  /** {@return of all values} */
  public long sum() {
    return sum;
  }

  /** {@return the mean; 0 if there are no values} */
  public double mean() {
    return count == 0 ? 0 : (double) sum / count;
  }

  /**
   * {@return the largest value; of a {@linkplain #since difference} at most what the largest of all
   * was; 0 if there are none}
   */
  public long max() {
    return max;
  }

  /**
   * {@return the value that that part of all values does not exceed, to 1/32; 0 if there are none}
   *
   * @param part from 0 to 1: 0.5 is the median
   * @throws IllegalArgumentException if it is not
   */
  public long quantile(double part) {
    if (!(part >= 0 && part <= 1)) {
      throw new IllegalArgumentException("quantile: expected 0 to 1, got " + part);
    }
    long rank = Math.max(1, (long) Math.ceil(part * count));
    long seen = 0;
    for (int i = 0; i < counts.length; i++) {
      seen += counts[i];
      if (seen >= rank) {
        long from = Distribution.from(i);
        return Math.min(max, from + (Distribution.from(i + 1) - from) / 2);
      }
    }
    return 0;
  }

  /** {@return how many values were below {@code limit}, to a bucket: within 1/16 of the limit} */
  public long countBelow(long limit) {
    long below = 0;
    for (int i = 0; i < counts.length && Distribution.from(i + 1) <= limit; i++) {
      below += counts[i];
    }
    return below;
  }

  /** {@return where values were, smallest first} */
  public List<Bucket> buckets() {
    List<Bucket> buckets = new ArrayList<>();
    for (int i = 0; i < counts.length; i++) {
      if (counts[i] > 0) {
        buckets.add(new Bucket(Distribution.from(i), Distribution.from(i + 1), counts[i]));
      }
    }
    return buckets;
  }

  /** {@return the values of both} */
  public Histogram plus(Histogram other) {
    return other.count == 0
        ? this
        : count == 0
            ? other
            : new Histogram(merged(other, 1), sum + other.sum, Math.max(max, other.max));
  }

  /** {@return the values that came after {@code earlier}, a histogram of the same thing} */
  public Histogram since(Histogram earlier) {
    if (earlier.count == 0) {
      return this;
    }
    long[] left = merged(earlier, -1);
    int last = left.length - 1;
    while (last >= 0 && left[last] == 0) {
      last--;
    }
    long largest = last < 0 ? 0 : Math.min(max, Distribution.from(last + 1) - 1);
    return new Histogram(left, Math.max(0, sum - earlier.sum), largest);
  }

  private long[] merged(Histogram other, int sign) {
    long[] merged = new long[Math.max(counts.length, other.counts.length)];
    System.arraycopy(counts, 0, merged, 0, counts.length);
    for (int i = 0; i < other.counts.length; i++) {
      merged[i] = Math.max(0, merged[i] + sign * other.counts[i]);
    }
    return merged;
  }

  @Override
  public String toString() {
    return count
        + " values, median "
        + quantile(0.5)
        + ", p99 "
        + quantile(0.99)
        + ", largest "
        + max;
  }
}
