package dev.inflight;

import java.time.Instant;
import java.util.Collections;
import java.util.EnumMap;
import java.util.Map;
import java.util.function.BinaryOperator;

/**
 * What one version did since it was taken in. Durations are nanoseconds. What is compared or tried
 * before it serves is in {@code run} and {@code rows} only where it shared a run with a call.
 *
 * @param version as its repository calls it; empty where these are figures of several
 * @param current whether it serves
 * @param since when it was taken in
 * @param ends how predictions ended
 * @param latency from a call to its answer, one value a call that was answered; a bulk call counts
 *     once a chunk
 * @param queued of that, what it waited for a lane; calls that did not wait are left out
 * @param run one run of the backend, encoding and decoding included
 * @param rows of each run
 * @param encode what the codec took to write the rows of a run, of some runs: one in 64 of single
 *     rows that callers run, one in 8 of others, and each whose calls have an attachment
 * @param decode the same for reading the answers
 * @param releases how many runs began for which reason
 */
public record VersionStats(
    String version,
    boolean current,
    Instant since,
    Ends ends,
    Histogram latency,
    Histogram queued,
    Histogram run,
    Histogram rows,
    Histogram encode,
    Histogram decode,
    Map<Release, Long> releases) {
  /** Copies the map; what it lacks is 0. */
  public VersionStats {
    Map<Release, Long> all = new EnumMap<>(Release.class);
    for (Release release : Release.values()) {
      all.put(release, releases.getOrDefault(release, 0L));
    }
    releases = Collections.unmodifiableMap(all);
  }

  /** {@return how many runs began for that reason} */
  public long runs(Release release) {
    return releases.getOrDefault(release, 0L);
  }

  /** {@return figures of a version that has done nothing} */
  static VersionStats none(String version, boolean current, Instant since) {
    Histogram none = Histogram.EMPTY;
    return new VersionStats(
        version, current, since, Ends.NONE, none, none, none, none, none, none, Map.of());
  }

  VersionStats with(
      Ends ends,
      Histogram latency,
      Histogram queued,
      Histogram run,
      Histogram rows,
      Histogram encode,
      Histogram decode,
      Map<Release, Long> releases) {
    return new VersionStats(
        version, current, since, ends, latency, queued, run, rows, encode, decode, releases);
  }

  VersionStats withEnds(Ends ends) {
    return with(ends, latency, queued, run, rows, encode, decode, releases);
  }

  /** {@return the figures of both, under this one's name} */
  public VersionStats plus(VersionStats other) {
    return combined(other, ends.plus(other.ends), Histogram::plus, 1);
  }

  /** {@return what came after {@code earlier}, figures of the same version} */
  public VersionStats since(VersionStats earlier) {
    return combined(earlier, ends.since(earlier.ends), Histogram::since, -1);
  }

  private VersionStats combined(
      VersionStats other, Ends both, BinaryOperator<Histogram> histograms, int sign) {
    Map<Release, Long> runs = new EnumMap<>(Release.class);
    for (Release release : Release.values()) {
      runs.put(release, Math.max(0, runs(release) + sign * other.runs(release)));
    }
    return with(
        both,
        histograms.apply(latency, other.latency),
        histograms.apply(queued, other.queued),
        histograms.apply(run, other.run),
        histograms.apply(rows, other.rows),
        histograms.apply(encode, other.encode),
        histograms.apply(decode, other.decode),
        runs);
  }
}
