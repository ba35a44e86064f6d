package dev.inflight.deploy;

/**
 * What one request told that ran on both versions.
 *
 * @param liveFailed whether the live version failed, timeouts included
 * @param candidateFailed whether the candidate did
 * @param timed whether the times count: not so while the candidate warms up
 * @param liveNanos how long the live version took
 * @param candidateNanos how long the candidate took
 * @param tailNanos 99th percentile of live times as known <em>when the pair started</em>; 0 if not
 *     known yet
 * @param differs whether the answers differ by more than is tolerated
 * @param harm the candidate's loss in a metric, cut to [-1, 1]; NaN if there is none
 */
record Pair(
    boolean liveFailed,
    boolean candidateFailed,
    boolean timed,
    long liveNanos,
    long candidateNanos,
    long tailNanos,
    boolean differs,
    double harm) {
  /** {@return a pair of which at least one side failed: it counts for errors only} */
  static Pair failed(boolean live, boolean candidate) {
    return new Pair(live, candidate, false, 0, 0, 0, false, Double.NaN);
  }

  /** {@return a pair of two answers, compared in time and text} */
  static Pair answered(long liveNanos, long candidateNanos, long tailNanos, boolean differs) {
    return new Pair(false, false, true, liveNanos, candidateNanos, tailNanos, differs, Double.NaN);
  }

  /** {@return this without its times} */
  Pair untimed() {
    return new Pair(liveFailed, candidateFailed, false, 0, 0, 0, differs, harm);
  }

  /** {@return this with the loss in a metric} */
  Pair withHarm(double loss) {
    return new Pair(
        liveFailed, candidateFailed, timed, liveNanos, candidateNanos, tailNanos, differs, loss);
  }
}
