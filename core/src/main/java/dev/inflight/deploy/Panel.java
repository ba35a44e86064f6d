package dev.inflight.deploy;

import dev.inflight.deploy.CanaryOptions.Margin;
import dev.inflight.deploy.CanaryOptions.Signal;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/**
 * The scores of a canary side by side in one row of counters, and which counters a pair adds to.
 * Immutable, any thread.
 */
final class Panel {
  /**
   * The first pairs that run do not count for latency: {@link Pair#untimed}. A choice: caches and
   * the JIT of a small model have settled.
   */
  static final int WARMUP_PAIRS = 100;

  /** Takes counts; {@link Epochs} hands one out. */
  @FunctionalInterface
  interface Counters {
    void add(int index, long times);
  }

  private final List<Score> scores;
  private final Map<Signal, Integer> offsets = new EnumMap<>(Signal.class);
  private final int width;
  private final double slowest;

  private Panel(List<Score> scores) {
    this.scores = List.copyOf(scores);
    int at = 0;
    double tau = 0;
    for (Score score : scores) {
      offsets.put(score.signal(), at);
      at += score.outcomes();
      tau = score.signal() == Signal.LATENCY ? score.margin().tolerated() : tau;
    }
    width = at;
    slowest = 1 + tau;
  }

  /**
   * {@return the scores of these options; those of a split only if it has stages}
   *
   * @param shares what part of the requests each stage of the split sends to the candidate, fixed
   *     before the first
   */
  static Panel of(CanaryOptions options, double... shares) {
    List<Score> scores = new ArrayList<>();
    Map<Signal, Margin> sorted = new EnumMap<>(options.signals());
    sorted.forEach(
        (signal, margin) -> {
          switch (signal) {
            case ERRORS, CORRECTNESS, LATENCY_TAIL -> scores.add(Score.difference(signal, margin));
            case DISAGREEMENT -> scores.add(Score.budget(signal, margin));
            case LATENCY -> scores.add(Score.sign(margin));
            case METRIC -> scores.add(Score.metric(margin));
            case SPLIT_ERRORS -> {
              if (shares.length > 0) {
                scores.add(Score.splitErrors(margin, shares));
              }
            }
            case TRAFFIC_SPLIT -> {} // below: whoever splits checks it
          }
        });
    if (shares.length > 0) {
      scores.add(Score.trafficSplit(shares));
    }
    return new Panel(scores);
  }

  List<Score> scores() {
    return scores;
  }

  /** {@return how many counters there are} */
  int width() {
    return width;
  }

  /** {@return the part of {@code row} that belongs to {@code score}, which is one of these} */
  long[] part(Score score, long[] row) {
    int from = offsets.getOrDefault(score.signal(), 0);
    return Arrays.copyOfRange(row, from, from + score.outcomes());
  }

  /** Counts a pair. One with a failure tells nothing but that. */
  void count(Pair pair, Counters to) {
    add(Signal.ERRORS, difference(pair.candidateFailed(), pair.liveFailed()), to);
    if (pair.candidateFailed() || pair.liveFailed()) {
      return;
    }
    add(Signal.DISAGREEMENT, pair.differs() ? 1 : 0, to);
    if (pair.timed()) {
      add(Signal.LATENCY, pair.candidateNanos() > slowest * pair.liveNanos() ? 1 : 0, to);
      if (pair.tailNanos() > 0) {
        add(
            Signal.LATENCY_TAIL,
            difference(
                pair.candidateNanos() > pair.tailNanos(), pair.liveNanos() > pair.tailNanos()),
            to);
      }
    }
    if (!Double.isNaN(pair.harm())) {
      level(pair.harm(), to);
    }
  }

  /** Counts a labelled pair. */
  void label(boolean liveWrong, boolean candidateWrong, Counters to) {
    add(Signal.CORRECTNESS, difference(candidateWrong, liveWrong), to);
  }

  /** Counts a request that one version answered, the first of its key, in that stage. */
  void request(int stage, boolean candidate, boolean failed, Counters to) {
    add(Signal.SPLIT_ERRORS, 3 * stage + difference(failed && candidate, failed && !candidate), to);
    add(Signal.TRAFFIC_SPLIT, 2 * stage + (candidate ? 1 : 0), to);
  }

  /** Divides a value between its two neighbours, so that the mean stays. */
  private void level(double harm, Counters to) {
    double place = (Math.min(1, Math.max(-1, harm)) + 1) * 32;
    int level = Math.min(Score.LEVELS - 2, (int) place);
    int part = (int) ((place - level) * Score.PARTS);
    add(Signal.METRIC, level, Score.PARTS - part, to);
    add(Signal.METRIC, level + 1, part, to);
  }

  private static int difference(boolean candidate, boolean live) {
    return candidate == live ? 0 : candidate ? 1 : 2;
  }

  private void add(Signal signal, int outcome, Counters to) {
    add(signal, outcome, 1, to);
  }

  private void add(Signal signal, int outcome, long times, Counters to) {
    Integer from = offsets.get(signal);
    if (from != null && times > 0) {
      to.add(from + outcome, times);
    }
  }
}
