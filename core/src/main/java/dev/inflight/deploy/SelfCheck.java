package dev.inflight.deploy;

import dev.inflight.deploy.CanaryOptions.Margin;
import dev.inflight.deploy.CanaryOptions.Signal;
import dev.inflight.deploy.CanaryReport.Verdict;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/**
 * Tests the path of pairs itself: what serves is compared with what serves, so nothing may be
 * proven. In a window of 2,000 pairs something is, in at most one of 20 if the path is fair; the
 * number of windows where it was is the evidence against the path. Nothing is tolerated: a margin
 * for the latency would hide a bias. Any thread.
 */
final class SelfCheck implements Assessment {
  /** Pairs of a window, at least. */
  static final long WINDOW = 2_000;

  /** Part of the windows that may prove something. */
  private static final double WINDOW_ALPHA = .05;

  /** Chance that a fair path is accused, ever. */
  private static final double ALPHA = .01;

  private static final double[] FIRED = {0, 1};

  private final Panel panel;
  private final CanaryOptions options;
  private final LongSupplier nanos;
  private final long startNanos;
  private final List<Tally> tallies = new ArrayList<>(); // for the report: over all windows
  private final double threshold;
  private final Evidence fault =
      Evidence.above(WINDOW_ALPHA, FIRED, 0, Evidence.stakes(Evidence.HIT_GAMBLERS));
  private final long[] windows = new long[2];
  private final long[] row;
  private final Set<Signal> fired = EnumSet.noneOf(Signal.class);
  private final Map<Signal, Integer> firedBy = new EnumMap<>(Signal.class);
  private Verdict verdict = Verdict.PENDING;
  private boolean stopped;

  /**
   * @param options what is watched, and until when
   * @param nanos monotonic time, for the deadline only
   */
  SelfCheck(CanaryOptions options, LongSupplier nanos) {
    this.options = options;
    this.nanos = nanos;
    startNanos = nanos.getAsLong();
    panel = Panel.of(intolerant(options));
    int scores = panel.scores().size();
    for (Score score : panel.scores()) {
      tallies.add(new Tally(score, options.alphaRollback() / scores, options.alphaPromote()));
    }
    threshold = StrictMath.log(scores / WINDOW_ALPHA);
    row = new long[panel.width()];
  }

  private static CanaryOptions intolerant(CanaryOptions options) {
    CanaryOptions strict = options;
    for (Map.Entry<Signal, Margin> each : options.signals().entrySet()) {
      switch (each.getKey()) {
        case DISAGREEMENT -> {} // a budget, not an effect of the path
        case LATENCY -> strict = strict.with(Signal.LATENCY, new Margin(0, 0));
        default -> strict = strict.with(each.getKey(), new Margin(0, each.getValue().excluded()));
      }
    }
    return strict;
  }

  @Override
  public Panel panel() {
    return panel;
  }

  @Override
  public synchronized Verdict add(long[] epoch) {
    if (stopped || verdict != Verdict.PENDING) {
      return verdict;
    }
    for (int i = 0; i < row.length; i++) {
      row[i] += epoch[i];
    }
    long units = 0;
    for (Tally tally : tallies) {
      tally.add(panel.part(tally.score(), epoch));
      long[] counts = panel.part(tally.score(), row);
      if (tally.score().rollback().crosses(threshold, counts)) {
        fired.add(tally.score().signal());
      }
      units = Math.max(units, tally.score().units(counts));
    }
    if (units >= WINDOW) {
      endWindow();
    }
    return verdict();
  }

  private void endWindow() {
    windows[fired.isEmpty() ? 0 : 1]++;
    fired.forEach(signal -> firedBy.merge(signal, 1, Integer::sum));
    fired.clear();
    Arrays.fill(row, 0);
    if (fault.crosses(-StrictMath.log(ALPHA), windows)) {
      verdict = Verdict.HOLD;
    }
  }

  @Override
  public synchronized Verdict verdict() {
    boolean over = pairs() >= options.maxPairs() || elapsed().compareTo(options.deadline()) >= 0;
    if (over && verdict == Verdict.PENDING) {
      verdict = Verdict.UNDECIDED;
    }
    return verdict;
  }

  private long pairs() {
    return tallies.stream().mapToLong(Tally::units).max().orElse(0);
  }

  /** {@return windows so far} */
  synchronized long windows() {
    return windows[0] + windows[1];
  }

  /** {@return windows where something was proven} */
  synchronized long fired() {
    return windows[1];
  }

  @Override
  public synchronized CanaryReport report() {
    return new CanaryReport(
        verdict, reason(), 1, pairs(), elapsed(), tallies.stream().map(Tally::report).toList());
  }

  private String reason() {
    String seen =
        String.format(
            Locale.ROOT,
            "a difference was proven in %,d of %,d windows of %,d pairs%s, one in 20 is allowed",
            fired(),
            windows(),
            WINDOW,
            firedBy.isEmpty() ? "" : " " + firedBy);
    return switch (verdict) {
      case HOLD -> "self-check: ALARM, do not trust a canary here: " + seen;
      case UNDECIDED -> "self-check: over, and quiet: " + seen;
      default -> "self-check: quiet so far: " + seen;
    };
  }

  @Override
  public Duration elapsed() {
    return Duration.ofNanos(nanos.getAsLong() - startNanos);
  }

  @Override
  public synchronized void stop() {
    stopped = true;
  }
}
