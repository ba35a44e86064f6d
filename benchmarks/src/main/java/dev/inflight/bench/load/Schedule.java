package dev.inflight.bench.load;

import java.util.Arrays;
import java.util.SplittableRandom;

/** Arrivals that do not wait for answers. */
public final class Schedule {
  private final long[] nanos;

  private Schedule(long[] nanos) {
    this.nanos = nanos;
  }

  /** {@return Poisson arrivals: gaps are exponential and independent} */
  public static Schedule poisson(double perSecond, double seconds, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    long[] nanos = new long[(int) (perSecond * seconds * 1.2) + 100];
    double at = 0;
    int n = 0;
    while (true) {
      at -= Math.log(1 - random.nextDouble()) / perSecond * 1e9;
      if (at >= seconds * 1e9) {
        return new Schedule(Arrays.copyOf(nanos, n));
      }
      if (n == nanos.length) {
        nanos = Arrays.copyOf(nanos, 2 * n);
      }
      nanos[n++] = (long) at;
    }
  }

  /** {@return how many arrivals} */
  public int size() {
    return nanos.length;
  }

  /** {@return when arrival {@code i} is due, in nanoseconds from the start} */
  public long due(int i) {
    return nanos[i];
  }
}
