package dev.inflight.micrometer;

import dev.inflight.Histogram;
import io.micrometer.core.instrument.Tags;
import java.time.Instant;

/**
 * One figure at one moment; immutable. {@code counts} has a counter's number, or a number for each
 * bucket of a distribution and last what is above them; a gauge has none.
 */
final class Sample {
  /** What makes two samples the same series. */
  record Key(Family family, Tags tags) {}

  private static final long[] NONE = {};

  private final Key key;
  private final Instant begin;
  private final double value;
  private final long[] counts;
  private final long sum;

  private Sample(Key key, Instant begin, double value, long[] counts, long sum) {
    this.key = key;
    this.begin = begin;
    this.value = value;
    this.counts = counts;
    this.sum = sum;
  }

  static Sample gauge(Family family, Tags tags, double value) {
    return new Sample(new Key(family, tags), Instant.EPOCH, value, NONE, 0);
  }

  /** Of what was counted since {@code begin}. */
  static Sample counter(Family family, Tags tags, Instant begin, long count) {
    return new Sample(new Key(family, tags), begin, 0, new long[] {count}, count);
  }

  /** Of what was counted since {@code begin}. */
  static Sample distribution(Family family, Tags tags, Instant begin, Histogram values) {
    int buckets = family.kind.buckets();
    long[] counts = new long[buckets + 1];
    long below = 0;
    for (int i = 0; i < buckets; i++) {
      long upTo = values.countBelow(family.kind.limit(i) + 1);
      counts[i] = upTo - below;
      below = upTo;
    }
    counts[buckets] = values.count() - below;
    return new Sample(new Key(family, tags), begin, 0, counts, values.sum());
  }

  /**
   * {@return this, no count below what was shown before} Counts of one begin fall only for a
   * moment: when a call is given up, or cancelled, between being answered and being known to be.
   */
  Sample after(Sample before) {
    if (counts.length == 0 || !begin.equals(before.begin)) {
      return this;
    }
    long[] most = counts.clone();
    for (int i = 0; i < most.length; i++) {
      most[i] = Math.max(most[i], before.counts[i]);
    }
    return new Sample(key, begin, value, most, Math.max(sum, before.sum));
  }

  Key key() {
    return key;
  }

  Instant begin() {
    return begin;
  }

  /** {@return a gauge's value} */
  double value() {
    return value;
  }

  /** {@return how many were counted} */
  long count() {
    long all = 0;
    for (long each : counts) {
      all += each;
    }
    return all;
  }

  /** {@return how many were in that bucket and in none before; the last is for what is above} */
  long count(int bucket) {
    return counts[bucket];
  }

  /** {@return of all values: nanoseconds, or rows} */
  long sum() {
    return sum;
  }
}
