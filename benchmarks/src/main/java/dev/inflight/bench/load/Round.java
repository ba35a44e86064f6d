package dev.inflight.bench.load;

import org.HdrHistogram.Histogram;

/**
 * What one variant did in one round; times in microseconds.
 *
 * @param rate answers per second
 * @param p50 the median latency
 * @param p99 latency
 * @param p999 latency
 * @param cpu processor time of the whole process for each answer
 * @param foreign the share of the machine that others used
 * @param refused the share of calls that were refused
 * @param late the 99th percentile of how late the generator itself was
 */
public record Round(
    double rate,
    double p50,
    double p99,
    double p999,
    double cpu,
    double foreign,
    double refused,
    double late) {

  private static final long LEAST_NANOS = 100;
  private static final long MOST_NANOS = 100_000_000_000L;

  /** {@return a histogram of nanoseconds with three digits, complete from the start} */
  static Histogram histogram() {
    return new Histogram(LEAST_NANOS, MOST_NANOS, 3);
  }

  static void record(Histogram histogram, long nanos) {
    histogram.recordValue(Math.max(0, Math.min(MOST_NANOS, nanos)));
  }

  static double micros(Histogram histogram, double percentile) {
    return histogram.getTotalCount() == 0
        ? Double.NaN
        : histogram.getValueAtPercentile(percentile) / 1e3;
  }

  static Round of(
      double seconds,
      long answers,
      Histogram latency,
      ProcessorTime before,
      ProcessorTime after,
      double refused,
      double late) {
    return new Round(
        answers / seconds,
        micros(latency, 50),
        micros(latency, 99),
        micros(latency, 99.9),
        (after.own() - before.own()) / 1e3 / Math.max(1, answers),
        after.foreignSince(before, Runtime.getRuntime().availableProcessors()),
        refused,
        late);
  }

  /** {@return whether others used so much of the machine that this should not count} */
  public boolean isDisturbed() {
    return foreign > ProcessorTime.MUCH;
  }
}
