package dev.inflight.requestlog;

import java.time.Duration;

/** Which calls are logged; decided when they begin, for each model by itself. */
public sealed interface Sampling {
  /**
   * Each call by its own chance.
   *
   * @param rate the part of calls that is logged, from 0 to 1
   */
  record Rate(double rate) implements Sampling {
    /**
     * Checks the rate.
     *
     * @throws IllegalArgumentException if it is not within 0 and 1
     */
    public Rate {
      if (!(rate >= 0 && rate <= 1)) {
        throw new IllegalArgumentException("rate: expected a number from 0 to 1, got " + rate);
      }
    }
  }

  /**
   * As many of each interval's calls, however many there are, every one of them as likely as the
   * others. They are written when the interval is over.
   *
   * @param calls of one interval
   * @param interval its length
   */
  record Reservoir(int calls, Duration interval) implements Sampling {
    /**
     * Checks both.
     *
     * @throws IllegalArgumentException if one is not positive
     */
    public Reservoir {
      if (calls < 1) {
        throw new IllegalArgumentException("calls: expected a positive number, got " + calls);
      }
      if (interval.isNegative() || interval.isZero()) {
        throw new IllegalArgumentException(
            "interval: expected a positive duration, got " + interval);
      }
    }
  }

  /** {@return every call with this chance, from 0 to 1} */
  static Sampling rate(double rate) {
    return new Rate(rate);
  }

  /** {@return as many calls of each interval, all with the same chance} */
  static Sampling reservoir(int calls, Duration interval) {
    return new Reservoir(calls, interval);
  }
}
