package dev.inflight;

import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What one lane did for one version. Only who holds the lane, and leases the version, writes; so
 * nothing waits, and nothing is lost when the version ends.
 *
 * <p>Invariant: a row that its caller ran alone and that was answered is in {@code alone} and
 * nowhere else, because there latency and run are the same.
 */
@SuppressWarnings("EnumOrdinal") // counters of this process only
final class LaneFigures extends CacheLine {
  private static final CallEnd[] ENDS = CallEnd.values();
  private static final Release[] RELEASES = Release.values();

  private final Distribution alone = new Distribution();
  private final Distribution latency = new Distribution();
  private final Distribution wait = new Distribution();
  private final Distribution run = new Distribution();
  private final Distribution rows = new Distribution();
  private final Distribution encode = new Distribution();
  private final Distribution decode = new Distribution();
  private final long[] ends = new long[ENDS.length];
  private final long[] releases = new long[RELEASES.length];

  /** A caller's own row, which counts as {@code weight} rows, was answered. */
  void answeredAlone(int weight, long nanos) {
    if (weight == 1) {
      alone.record(nanos);
    } else {
      ends[CallEnd.COMPLETED.ordinal()]++;
      latency.record(nanos);
      ran(Release.CALLER, weight, nanos);
    }
  }

  /** A caller's own row was not. */
  void failedAlone(CallEnd end) {
    ends[end.ordinal()]++;
  }

  /** A run of several rows, or of a lane's thread. */
  void ran(Release release, int weight, long nanos) {
    releases[release.ordinal()]++;
    rows.record(weight);
    run.record(nanos);
  }

  /** What the codec took of a run. */
  void coded(long encodeNanos, long decodeNanos) {
    encode.record(encodeNanos);
    decode.record(decodeNanos);
  }

  /** Rows whose caller ran them together. */
  void ranTogether(List<? extends Outcome<?>> outcomes, long took) {
    count(outcomes, 0, outcomes.size(), 1);
    latency.record(took);
  }

  /**
   * A call of rows {@code [from, to)} that waited {@code waited} of the {@code took} nanoseconds
   * that it took.
   */
  void answered(List<? extends Outcome<?>> all, int from, int to, long waited, long took) {
    count(all, from, to, 1);
    latency.record(took);
    wait.record(waited);
  }

  /** The call was given up just before that. */
  void undo(List<? extends Outcome<?>> all, int from, int to, long waited, long took) {
    count(all, from, to, -1);
    latency.undo(took);
    wait.undo(waited);
  }

  private void count(List<? extends Outcome<?>> outcomes, int from, int to, int times) {
    for (int i = from; i < to; i++) {
      Outcome<?> outcome = outcomes.get(i);
      CallEnd end = outcome.succeeded() ? CallEnd.COMPLETED : CallEnd.of(outcome.failure());
      ends[end.ordinal()] += times;
    }
  }

  VersionStats snapshot(VersionStats of, @Nullable VersionStats more) {
    Histogram direct = alone.snapshot();
    Map<Release, Long> reasons = new EnumMap<>(Release.class);
    for (Release release : RELEASES) {
      reasons.put(release, releases[release.ordinal()]);
    }
    reasons.merge(Release.CALLER, direct.count(), Long::sum);
    VersionStats here =
        of.with(
            new Ends(ends).plus(Ends.completed(direct.count())),
            latency.snapshot().plus(direct),
            wait.snapshot(),
            run.snapshot().plus(direct),
            rows.snapshot().plus(ones(direct.count())),
            encode.snapshot(),
            decode.snapshot(),
            reasons);
    return more == null ? here : more.plus(here);
  }

  private static Histogram ones(long count) {
    return count == 0 ? Histogram.EMPTY : new Histogram(new long[] {0, count}, count, 1);
  }
}
