package dev.inflight.deploy;

import dev.inflight.deploy.CanaryOptions.Signal;
import dev.inflight.deploy.CanaryReport.Claim;
import dev.inflight.deploy.CanaryReport.SignalReport;
import java.util.Arrays;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;

/**
 * The counts of one signal and what they say. Half of its rollback level is spent on all of them;
 * the other half on fresh windows, so that long good conduct does not hide what went wrong today:
 * it costs 14 % of the delay of a candidate that is bad from the start, and saves a third of it for
 * one that turns bad. Not thread-safe.
 */
final class Tally {
  /** Units of a window, at least: it ends with the epoch that fills it. */
  static final long WINDOW = 20_000;

  /** The interval of the report. */
  private static final double INTERVAL_ALPHA = .05;

  private final Score score;
  private final double alphaRollback;
  private final double promoteThreshold;
  private final long[] counts;
  private final long[] window;
  private long windowNumber = 1;
  private double mostRollback;
  private double mostPromote;
  private String refuted = "";
  private boolean promotes;

  Tally(Score score, double alphaRollback, double alphaPromote) {
    this.score = score;
    this.alphaRollback = alphaRollback;
    promoteThreshold = -StrictMath.log(alphaPromote);
    counts = new long[score.outcomes()];
    window = new long[score.outcomes()];
  }

  Score score() {
    return score;
  }

  boolean gates() {
    return score.promote().isPresent();
  }

  long units() {
    return score.units(counts);
  }

  /** Adds outcomes and looks. */
  void add(long[] outcomes) {
    if (Arrays.stream(outcomes).allMatch(n -> n == 0)) {
      return; // nothing can have changed
    }
    for (int i = 0; i < counts.length; i++) {
      counts[i] += outcomes[i];
      window[i] += outcomes[i];
    }
    double logE = score.rollback().logE(counts);
    mostRollback = Math.max(mostRollback, logE);
    if (refuted.isEmpty() && logE >= wholeThreshold()) {
      refuted = "over all " + units();
    }
    if (windows() && refuted.isEmpty() && score.rollback().crosses(windowThreshold(), window)) {
      refuted = "over the last " + score.units(window);
    }
    if (score.units(window) >= WINDOW) {
      Arrays.fill(window, 0);
      windowNumber++;
    }
    score
        .promote()
        .ifPresent(
            evidence -> {
              double promote = evidence.logE(counts);
              mostPromote = Math.max(mostPromote, promote);
              promotes = promote >= promoteThreshold;
            });
  }

  /** The split is wrong from its start or not at all. */
  private boolean windows() {
    return score.signal() != Signal.TRAFFIC_SPLIT;
  }

  private double wholeThreshold() {
    return StrictMath.log((windows() ? 2 : 1) / alphaRollback);
  }

  private double windowThreshold() {
    return StrictMath.log(2.0 * windowNumber * (windowNumber + 1) / alphaRollback);
  }

  /** {@return over what the rollback claim was refuted, ever; empty if it was not} */
  String refuted() {
    return refuted;
  }

  /** {@return whether the promote claim is refuted now} */
  boolean promotes() {
    return promotes;
  }

  SignalReport report() {
    return new SignalReport(
        score.signal(),
        units(),
        score.units(counts, 1),
        score.units(counts, -1),
        score.estimate(counts),
        score.lower(counts, INTERVAL_ALPHA),
        score.upper(counts, INTERVAL_ALPHA),
        claim(score.margin().tolerated(), score.rollback(), wholeThreshold(), mostRollback),
        score
            .promote()
            .map(e -> claim(score.margin().excluded(), e, promoteThreshold, mostPromote)));
  }

  private Claim claim(double margin, Evidence evidence, double threshold, double most) {
    double logE = evidence.logE(counts);
    double rate = evidence.richest(counts) / Math.max(1, units());
    OptionalLong more =
        logE >= threshold
            ? OptionalLong.of(0)
            : rate > 0
                ? OptionalLong.of((long) Math.ceil((threshold - logE) / rate))
                : OptionalLong.empty();
    return new Claim(margin, logE, threshold, Math.min(1, Math.exp(-most)), more);
  }

  /** Writes everything that {@link #restore} needs under the signal's name. */
  void save(Map<String, String> state) {
    String name = score.signal().name();
    state.put(name + ".claims", claims());
    state.put(name + ".counts", text(counts));
    state.put(name + ".window", text(window));
    state.put(name + ".windowNumber", Long.toString(windowNumber));
    state.put(name + ".mostRollback", Double.toString(mostRollback));
    state.put(name + ".mostPromote", Double.toString(mostPromote));
    state.put(name + ".refuted", refuted);
  }

  /**
   * Goes on from what {@link #save} wrote.
   *
   * @throws IllegalArgumentException if it was written with other limits, or is not complete
   */
  void restore(Map<String, String> state) {
    String name = score.signal().name();
    String theirs = entry(state, name + ".claims");
    if (!theirs.equals(claims())) {
      throw new IllegalArgumentException(
          name + ": expected counts of " + claims() + ", got those of " + theirs);
    }
    read(state, name + ".counts", counts);
    read(state, name + ".window", window);
    windowNumber = Long.parseLong(entry(state, name + ".windowNumber"));
    mostRollback = Double.parseDouble(entry(state, name + ".mostRollback"));
    mostPromote = Double.parseDouble(entry(state, name + ".mostPromote"));
    refuted = entry(state, name + ".refuted");
    score.promote().ifPresent(evidence -> promotes = evidence.logE(counts) >= promoteThreshold);
  }

  private String claims() {
    return score.margin() + " at " + alphaRollback + " in " + score.shape();
  }

  private static String text(long[] counts) {
    return Arrays.stream(counts).mapToObj(Long::toString).collect(Collectors.joining(","));
  }

  private static void read(Map<String, String> state, String key, long[] into) {
    String[] numbers = entry(state, key).split(",", -1);
    if (numbers.length != into.length) {
      throw new IllegalArgumentException(
          key + ": expected " + into.length + " counts, got " + numbers.length);
    }
    for (int i = 0; i < into.length; i++) {
      into[i] = Long.parseLong(numbers[i]);
    }
  }

  static String entry(Map<String, String> state, String key) {
    return Optional.ofNullable(state.get(key))
        .orElseThrow(
            () -> new IllegalArgumentException("canary state: expected " + key + ", got none"));
  }
}
