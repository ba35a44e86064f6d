package dev.inflight.deploy;

import dev.inflight.deploy.CanaryOptions.Signal;
import java.util.Arrays;
import java.util.List;

/**
 * Tests the path of pairs itself: a second copy of the live version is the candidate, so nothing
 * may be proven. In a window of 2,000 pairs something is, in at most one of 20 if the path is fair;
 * the number of windows where it was is the evidence against the path. Not thread-safe: feed it
 * epochs.
 */
final class SelfCheck {
  /** Pairs of a window, at least. */
  static final long WINDOW = 2_000;

  /** Part of the windows that may prove something. */
  private static final double WINDOW_ALPHA = .05;

  /** Chance that a fair path is accused, ever. */
  private static final double ALPHA = .01;

  private static final double[] FIRED = {0, 1};

  private final Panel panel;
  private final List<Score> scores;
  private final double threshold;
  private final Evidence fault =
      Evidence.above(WINDOW_ALPHA, FIRED, 0, Evidence.stakes(Evidence.HIT_GAMBLERS));
  private final long[] windows = new long[2];
  private final long[] row;
  private boolean fired;
  private boolean faulty;

  /**
   * @param panel of options that tolerate nothing: a latency margin hides a bias
   */
  SelfCheck(Panel panel) {
    this.panel = panel;
    scores = panel.scores().stream().filter(s -> s.signal() != Signal.TRAFFIC_SPLIT).toList();
    threshold = StrictMath.log(scores.size() / WINDOW_ALPHA);
    row = new long[panel.width()];
  }

  /** Adds an epoch; {@return whether the path is proven not to be fair} */
  boolean add(long[] epoch) {
    for (int i = 0; i < row.length; i++) {
      row[i] += epoch[i];
    }
    long pairs = 0;
    for (Score score : scores) {
      long[] counts = panel.part(score, row);
      fired |= score.rollback().crosses(threshold, counts);
      pairs = Math.max(pairs, score.units(counts));
    }
    if (pairs >= WINDOW) {
      windows[fired ? 1 : 0]++;
      Arrays.fill(row, 0);
      fired = false;
      faulty |= fault.crosses(-StrictMath.log(ALPHA), windows);
    }
    return faulty;
  }

  /** {@return windows so far} */
  long windows() {
    return windows[0] + windows[1];
  }

  /** {@return windows where something was proven} */
  long fired() {
    return windows[1];
  }
}
