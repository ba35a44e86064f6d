package dev.inflight.deploy;

import dev.inflight.deploy.CanaryOptions.Signal;
import dev.inflight.deploy.CanaryReport.Verdict;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * One candidate against one live version: counts in, verdict out. A verdict stays: once there is
 * one, other than a hold, nothing more is counted. Any thread; a lock, so keep it off the hot path.
 *
 * <p>Wrong promotion: promotion needs every signal, so also the one that is worse by its margin,
 * and the whole level may go to each. Wrong rollback: one signal is enough, so they share it.
 */
final class Trial implements Assessment {
  /** Its own level: a wrong hold costs a look at the router. */
  private static final double ALPHA_HOLD = .01;

  private final Panel panel;
  private final CanaryOptions options;
  private final int attempt;
  private final LongSupplier nanos;
  private final Predicate<Duration> mayPromote;
  private final long startNanos;
  private final long elapsedBefore;
  private final List<Tally> tallies = new ArrayList<>();
  private Verdict verdict = Verdict.PENDING;
  private String reason = "";
  private boolean stopped;

  /**
   * @param panel what is counted, of the same options
   * @param attempt which attempt with the same bytes, from 1: without it retrying buys promotion
   * @param nanos monotonic time, for the deadline only
   */
  Trial(Panel panel, CanaryOptions options, int attempt, LongSupplier nanos) {
    this(panel, options, attempt, nanos, elapsed -> true);
  }

  /**
   * @param mayPromote whether it is time to, after so long; until then evidence for a promotion is
   *     no verdict, and counting goes on
   */
  Trial(
      Panel panel,
      CanaryOptions options,
      int attempt,
      LongSupplier nanos,
      Predicate<Duration> mayPromote) {
    this(panel, options, attempt, nanos, mayPromote, 0);
  }

  private Trial(
      Panel panel,
      CanaryOptions options,
      int attempt,
      LongSupplier nanos,
      Predicate<Duration> mayPromote,
      long elapsedBefore) {
    this.mayPromote = mayPromote;
    this.panel = panel;
    this.options = options;
    this.attempt = attempt;
    this.nanos = nanos;
    this.elapsedBefore = elapsedBefore;
    startNanos = nanos.getAsLong();
    long harms = panel.scores().stream().filter(score -> score.promote().isPresent()).count();
    if (harms == 0 || attempt < 1) {
      throw new IllegalArgumentException(
          "canary: expected a signal that can promote, and an attempt from 1, got "
              + options.signals().keySet()
              + ", "
              + attempt);
    }
    for (Score score : panel.scores()) {
      double alpha =
          score.signal() == Signal.TRAFFIC_SPLIT ? ALPHA_HOLD : options.alphaRollback() / harms;
      tallies.add(new Tally(score, alpha, alphaPromote()));
    }
  }

  /** The first attempt has the level; all later ones together spend at most half of it more. */
  private double alphaPromote() {
    return attempt == 1
        ? options.alphaPromote()
        : options.alphaPromote() / ((double) attempt * (attempt + 1));
  }

  /**
   * Goes on after a restart from what {@link #state} gave. Pairs of epochs that were not complete
   * are lost. An undecided trial is pending again until the deadline of these options.
   *
   * @throws IllegalArgumentException if the state is of other signals or limits
   */
  static Trial resume(
      Panel panel,
      CanaryOptions options,
      Map<String, String> state,
      LongSupplier nanos,
      Predicate<Duration> mayPromote) {
    int attempt = Integer.parseInt(Tally.entry(state, "attempt"));
    long elapsed = Long.parseLong(Tally.entry(state, "elapsedNanos"));
    Trial trial = new Trial(panel, options, attempt, nanos, mayPromote, elapsed);
    trial.restore(state);
    return trial;
  }

  private synchronized void restore(Map<String, String> state) {
    tallies.forEach(tally -> tally.restore(state));
    Verdict before = Verdict.valueOf(Tally.entry(state, "verdict"));
    if (before != Verdict.UNDECIDED) {
      verdict = before;
      reason = Tally.entry(state, "reason");
    }
  }

  @Override
  public synchronized Verdict add(long[] row) {
    if (stopped || decided()) {
      return verdict;
    }
    for (Tally tally : tallies) {
      tally.add(panel.part(tally.score(), row));
    }
    return look();
  }

  @Override
  public synchronized void stop() {
    stopped = true;
  }

  @Override
  public synchronized Verdict verdict() {
    return decided() ? verdict : look();
  }

  private boolean decided() {
    return verdict != Verdict.PENDING && verdict != Verdict.HOLD;
  }

  private Verdict look() {
    for (Tally tally : tallies) {
      if (tally.gates() && !tally.refuted().isEmpty()) {
        return decide(Verdict.ROLL_BACK, name(tally) + " proven worse " + tally.refuted());
      }
    }
    for (Tally tally : tallies) {
      if (!tally.gates() && !tally.refuted().isEmpty()) {
        return decide(Verdict.HOLD, "requests are not divided as they should be");
      }
    }
    if (tallies.stream().filter(Tally::gates).allMatch(Tally::promotes)) {
      return mayPromote.test(elapsed())
          ? decide(Verdict.PROMOTE, "every margin is excluded")
          : verdict; // not undecided either
    }
    if (pairs() >= options.maxPairs()) {
      return decide(Verdict.UNDECIDED, "at most " + options.maxPairs() + " pairs");
    }
    if (elapsedNanos() >= options.deadline().toNanos()) {
      return decide(Verdict.UNDECIDED, "at most " + options.deadline());
    }
    return verdict;
  }

  private Verdict decide(Verdict next, String why) {
    verdict = next;
    reason = why;
    return next;
  }

  private static String name(Tally tally) {
    return tally.score().signal().name().toLowerCase(Locale.ROOT).replace('_', ' ');
  }

  int attempt() {
    return attempt;
  }

  @Override
  public Panel panel() {
    return panel;
  }

  synchronized long pairs() {
    return tallies.stream().mapToLong(Tally::units).max().orElse(0);
  }

  @Override
  public Duration elapsed() {
    return Duration.ofNanos(elapsedNanos());
  }

  private long elapsedNanos() {
    return elapsedBefore + nanos.getAsLong() - startNanos;
  }

  @Override
  public synchronized CanaryReport report() {
    return new CanaryReport(
        verdict, reason, attempt, pairs(), elapsed(), tallies.stream().map(Tally::report).toList());
  }

  /** {@return everything {@link #resume} needs, as text} */
  synchronized Map<String, String> state() {
    Map<String, String> state = new TreeMap<>();
    state.put("attempt", Integer.toString(attempt));
    state.put("elapsedNanos", Long.toString(elapsedNanos()));
    state.put("verdict", verdict.name());
    state.put("reason", reason);
    tallies.forEach(tally -> tally.save(state));
    return state;
  }
}
