package dev.inflight;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * What runs of one version cost: t(b) = fixed + row * b, learnt while they happen.
 *
 * <p>Invariant: {@code line} is fitted through one robust point per size class. A class keeps its
 * last {@link #KEPT} runs and stands for the lower quartile of their cost per row, so neither a
 * preempted run nor one before the JIT moves it for long. Only the winner of {@code writing}
 * touches the samples; a run that loses is not recorded, there are plenty.
 */
final class RunCost {
  /** Long enough for a quartile, short enough to forget the JIT's warm-up within a second. */
  private static final int KEPT = 16;

  /** Size classes 1, 2, 3-4, 5-8, ..., and callers' own rows. */
  private static final int CLASSES = 13;

  /**
   * A caller's own row costs less than a single row on a lane's thread, whose caches are cold: what
   * a batch saves is saved against this.
   */
  private static final int OWN = CLASSES - 1;

  /** Fewer runs of a class say nothing. */
  private static final int ENOUGH = 4;

  /** What a run of two rows costs says little about one of sixteen. */
  private static final double SPREAD = 4;

  /** Where a saving is looked at: most of what a batch can save is saved by then. */
  static final int TYPICAL = 16;

  /**
   * A fit. {@code one} is what a row alone costs, 0 if unknown; {@code shared} is what a row of a
   * good batch costs, measured rather than fitted where such runs were seen; {@code known} says
   * whether the fit rests on runs of several sizes.
   */
  record Line(double fixed, double row, double one, double shared, boolean known) {
    static final Line UNKNOWN = new Line(0, 0, 0, 0, false);

    /** The run of {@code rows} rows in nanoseconds; 0 if unknown. */
    double nanos(int rows) {
      return known ? fixed + row * rows : one * rows;
    }

    /** What each row of a typical batch saves against a run of its own; at most that whole run. */
    double saving() {
      return known && one > 0 ? one - shared : one;
    }
  }

  private final double[][] perRow = new double[CLASSES][KEPT];
  private final double[][] sizes = new double[CLASSES][KEPT];
  private final int[] counts = new int[CLASSES];
  private final AtomicBoolean writing = new AtomicBoolean();
  private volatile Line line = Line.UNKNOWN;
  private volatile long runs;

  Line line() {
    return line;
  }

  /** Runs recorded. */
  long runs() {
    return runs;
  }

  /** Whether it was never seen what callers' own rows cost. */
  boolean lacksOwn() {
    return counts[OWN] < ENOUGH;
  }

  /** A lane's run of {@code rows} rows took {@code nanos}. True if the fit was made anew. */
  boolean observe(int rows, long nanos) {
    return record(sizeClass(rows), rows, nanos);
  }

  /** A caller's run of its own row took {@code nanos}. True if the fit was made anew. */
  boolean observeOwn(long nanos) {
    return record(OWN, 1, nanos);
  }

  private boolean record(int sizeClass, int rows, long nanos) {
    if (nanos <= 0 || !writing.compareAndSet(false, true)) {
      return false;
    }
    try {
      int at = counts[sizeClass] % KEPT;
      counts[sizeClass] = counts[sizeClass] < 2 * KEPT - 1 ? counts[sizeClass] + 1 : KEPT;
      perRow[sizeClass][at] = (double) nanos / rows;
      sizes[sizeClass][at] = rows;
      long seen = runs + 1;
      runs = seen;
      if (seen > KEPT && seen % KEPT != 0) {
        return false;
      }
      line = fit();
      return true;
    } finally {
      writing.set(false);
    }
  }

  private static int sizeClass(int rows) {
    return Math.min(OWN - 1, 32 - Integer.numberOfLeadingZeros(rows - 1));
  }

  /** Least squares of relative errors: a batch of 256 must not drown what one row costs. */
  private Line fit() {
    double sw = 0;
    double swx = 0;
    double swy = 0;
    double swxx = 0;
    double swxy = 0;
    double smallest = Double.MAX_VALUE;
    double largest = 0;
    for (int c = 0; c < CLASSES; c++) {
      if (counts[c] < ENOUGH || (c == 0 && counts[OWN] >= ENOUGH)) {
        continue;
      }
      int at = quartile(c);
      double x = sizes[c][at];
      double y = perRow[c][at] * x;
      double w = 1 / (y * y);
      sw += w;
      swx += w * x;
      swy += w * y;
      swxx += w * x * x;
      swxy += w * x * y;
      smallest = Math.min(smallest, x);
      largest = Math.max(largest, x);
    }
    int single = counts[OWN] >= ENOUGH ? OWN : 0;
    double one = counts[single] < ENOUGH ? 0 : perRow[single][quartile(single)];
    if (largest < SPREAD * smallest) {
      return new Line(0, one, one, one, false);
    }
    double row = Math.max(0, (sw * swxy - swx * swy) / (sw * swxx - swx * swx));
    double fixed = Math.max(0, (swy - row * swx) / sw);
    if (fixed == 0) {
      row = swxy / swxx;
    }
    return new Line(fixed, row, one, shared(fixed, row), true);
  }

  /** The cheapest row among the batches of 5 to 64 that were seen, else what the fit says. */
  private double shared(double fixed, double row) {
    double least = Double.MAX_VALUE;
    for (int c = sizeClass(8); c <= sizeClass(64); c++) {
      if (counts[c] >= ENOUGH) {
        least = Math.min(least, perRow[c][quartile(c)]);
      }
    }
    return least == Double.MAX_VALUE ? fixed / TYPICAL + row : least;
  }

  /** Where the lower quartile of a class's cost per row stands. */
  private int quartile(int sizeClass) {
    int n = Math.min(counts[sizeClass], KEPT);
    double[] sorted = Arrays.copyOf(perRow[sizeClass], n);
    Arrays.sort(sorted);
    double wanted = sorted[(n - 1) / 4];
    for (int i = 0; i < n; i++) {
      if (perRow[sizeClass][i] == wanted) {
        return i;
      }
    }
    return 0;
  }

  /**
   * The candidate whose rows were cheapest, where each run costs {@code perRun} nanoseconds beside;
   * the first that was not tried yet, if there is one.
   */
  int cheapest(double perRun, int... candidates) {
    while (!writing.compareAndSet(false, true)) {
      Thread.onSpinWait();
    }
    try {
      int best = candidates[0];
      double least = Double.MAX_VALUE;
      for (int rows : candidates) {
        int c = sizeClass(rows);
        if (counts[c] < ENOUGH) {
          return rows;
        }
        double cost = perRow[c][quartile(c)] + perRun / rows;
        if (cost < least) {
          least = cost;
          best = rows;
        }
      }
      return best;
    } finally {
      writing.set(false);
    }
  }
}
