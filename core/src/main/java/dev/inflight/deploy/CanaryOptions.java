package dev.inflight.deploy;

import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;

/**
 * What a canary watches, how sure it must be, and when it gives up.
 *
 * <p>The two levels are per rollout and hold whenever one looks: at 0.01, 200 harmless rollouts a
 * year are at most two false rollbacks a year.
 *
 * @param signals what is watched, and from where on a difference matters
 * @param alphaPromote the chance that a candidate is promoted that is worse by a margin; the n-th
 *     attempt with the same bytes, from the second on, gets 1/(n(n+1)) of it
 * @param alphaRollback the chance that a candidate is rolled back that is no worse, over all
 *     signals and all time
 * @param sampleShare the part of the requests that run on both versions, over 0 to 1
 * @param maxPairs after so many the old version is kept, undecided
 * @param deadline after that long the old version is kept, undecided
 * @param maturity how old a request must be before its label counts, whenever the label came; must
 *     cover nearly all labels
 * @param probation how long the old version stays ready after a promotion
 */
public record CanaryOptions(
    Map<Signal, Margin> signals,
    double alphaPromote,
    double alphaRollback,
    double sampleShare,
    long maxPairs,
    Duration deadline,
    Duration maturity,
    Duration probation) {
  /** One wrong promotion in 20 that should not be, if all others are on their margin. */
  static final double ALPHA_PROMOTE = .05;

  /** A false rollback costs a release and trust: rarer. */
  static final double ALPHA_ROLLBACK = .01;

  /** An error rate of half a point more is seen by users, and excluded after some 10,000 pairs. */
  static final double ERRORS_MARGIN = .005;

  /** Below a tenth the machine's own noise rules. */
  static final double LATENCY_MARGIN = .10;

  /** A choice: runs twice a tenth of the traffic. */
  static final double SAMPLE_SHARE = .1;

  /** As far as the false alarm rates were simulated; the guarantee has no end. */
  static final long MAX_PAIRS = 100_000;

  /** A choice: a daily cycle. */
  static final Duration DEADLINE = Duration.ofDays(1);

  /** A choice; only correctness uses it. */
  static final Duration MATURITY = Duration.ofHours(1);

  /** A choice: what an operator watches after a release. */
  static final Duration PROBATION = Duration.ofHours(1);

  /** What can be watched. */
  public enum Signal {
    /** Pairs: failures of the candidate against failures of the live version. */
    ERRORS,
    /** Pairs with a label: wrong answers of one against wrong answers of the other. */
    CORRECTNESS,
    /** Pairs: how often the answers may differ; the margin is the budget. */
    DISAGREEMENT,
    /**
     * Pairs: the middle of the latencies' ratio; a margin of 0.1 lets the candidate take 10 % more.
     */
    LATENCY,
    /** Pairs: slower than the live version's 99th percentile, one against the other. */
    LATENCY_TAIL,
    /** Pairs: loss in a metric of the user, scaled to [-1, 1]. */
    METRIC,
    /**
     * Requests to one version each: failure rate of the candidate less that of the live version.
     */
    SPLIT_ERRORS,
    /** Requests to one version each: whether the shares are what they should be; never harm. */
    TRAFFIC_SPLIT
  }

  /**
   * Two limits of the candidate's harm; between them either verdict is right.
   *
   * @param tolerated harm proven to be more than this rolls back; 0 means any
   * @param excluded promotion needs proof that the harm is less than this
   */
  public record Margin(double tolerated, double excluded) {
    /**
     * Checks the order.
     *
     * @throws IllegalArgumentException unless 0 &lt;= tolerated &lt;= excluded &lt; 1
     */
    public Margin {
      if (!(tolerated >= 0 && tolerated <= excluded && excluded < 1)) {
        throw new IllegalArgumentException(
            "margin: expected 0 <= tolerated <= excluded < 1, got " + tolerated + ", " + excluded);
      }
    }
  }

  private static final CanaryOptions DEFAULTS =
      new CanaryOptions(
          Map.of(
              Signal.ERRORS, new Margin(0, ERRORS_MARGIN),
              Signal.LATENCY, new Margin(LATENCY_MARGIN, LATENCY_MARGIN)),
          ALPHA_PROMOTE,
          ALPHA_ROLLBACK,
          SAMPLE_SHARE,
          MAX_PAIRS,
          DEADLINE,
          MATURITY,
          PROBATION);

  /**
   * Checks every limit.
   *
   * @throws IllegalArgumentException if there is no signal to promote by, a level is not over 0 and
   *     at most 0.5, the share not over 0 and at most 1, a number or a duration negative, or the
   *     deadline or the pairs zero
   */
  public CanaryOptions {
    EnumMap<Signal, Margin> copy = new EnumMap<>(Signal.class);
    copy.putAll(signals);
    copy.forEach(CanaryOptions::requirePositive);
    copy.remove(Signal.TRAFFIC_SPLIT);
    require(!copy.isEmpty(), "signals", "at least one that can promote", signals);
    signals = Map.copyOf(signals);
    requireLevel("alphaPromote", alphaPromote);
    requireLevel("alphaRollback", alphaRollback);
    require(sampleShare > 0 && sampleShare <= 1, "sampleShare", "over 0, at most 1", sampleShare);
    require(maxPairs > 0, "maxPairs", "at least 1", maxPairs);
    require(
        !deadline.isNegative() && !deadline.isZero(), "deadline", "a positive duration", deadline);
    require(!maturity.isNegative(), "maturity", "no negative duration", maturity);
    require(!probation.isNegative(), "probation", "no negative duration", probation);
  }

  private static void requirePositive(Signal signal, Margin margin) {
    require(
        margin.excluded() > 0 || signal == Signal.LATENCY || signal == Signal.TRAFFIC_SPLIT,
        signal + " margin",
        "over 0",
        margin.excluded());
    require(
        margin.tolerated() == margin.excluded()
            || (signal != Signal.LATENCY && signal != Signal.DISAGREEMENT),
        signal + " margin",
        "one limit for both verdicts",
        margin);
  }

  private static void requireLevel(String what, double alpha) {
    require(alpha > 0 && alpha <= .5, what, "over 0, at most 0.5", alpha);
  }

  private static void require(boolean holds, String what, String expected, Object got) {
    if (!holds) {
      throw new IllegalArgumentException(what + ": expected " + expected + ", got " + got);
    }
  }

  /**
   * {@return errors excluded to be worse by 0.5 %, latency by 10 %; a tenth of the requests; at
   * most 100,000 pairs or a day; promotion at 0.05, rollback at 0.01}
   */
  public static CanaryOptions defaults() {
    return DEFAULTS;
  }

  /**
   * {@return this, watching {@code signal} too: any harm rolls back, harm of {@code margin} must be
   * excluded; latency and disagreement have one limit for both}
   */
  public CanaryOptions with(Signal signal, double margin) {
    boolean single = signal == Signal.LATENCY || signal == Signal.DISAGREEMENT;
    return with(signal, new Margin(single ? margin : 0, margin));
  }

  /** {@return this, watching {@code signal} with these limits} */
  public CanaryOptions with(Signal signal, Margin margin) {
    EnumMap<Signal, Margin> more = new EnumMap<>(signals);
    more.put(signal, Objects.requireNonNull(margin, "margin"));
    return withSignals(more);
  }

  /** {@return this without {@code signal}} */
  public CanaryOptions without(Signal signal) {
    EnumMap<Signal, Margin> fewer = new EnumMap<>(signals);
    fewer.remove(signal);
    return withSignals(fewer);
  }

  private CanaryOptions withSignals(Map<Signal, Margin> others) {
    return new CanaryOptions(
        others, alphaPromote, alphaRollback, sampleShare, maxPairs, deadline, maturity, probation);
  }

  /** {@return this with these chances of a wrong promotion and a wrong rollback} */
  public CanaryOptions withAlpha(double promote, double rollback) {
    return new CanaryOptions(
        signals, promote, rollback, sampleShare, maxPairs, deadline, maturity, probation);
  }

  /** {@return this, running that part of the requests on both versions} */
  public CanaryOptions withSampleShare(double share) {
    return new CanaryOptions(
        signals, alphaPromote, alphaRollback, share, maxPairs, deadline, maturity, probation);
  }

  /** {@return this, giving up after so many pairs or that time} */
  public CanaryOptions withDeadline(long pairs, Duration time) {
    return new CanaryOptions(
        signals, alphaPromote, alphaRollback, sampleShare, pairs, time, maturity, probation);
  }

  /** {@return this, counting a label when its request is that old} */
  public CanaryOptions withMaturity(Duration maturity) {
    return new CanaryOptions(
        signals, alphaPromote, alphaRollback, sampleShare, maxPairs, deadline, maturity, probation);
  }

  /** {@return this, keeping the old version ready that long after a promotion} */
  public CanaryOptions withProbation(Duration probation) {
    return new CanaryOptions(
        signals, alphaPromote, alphaRollback, sampleShare, maxPairs, deadline, maturity, probation);
  }
}
