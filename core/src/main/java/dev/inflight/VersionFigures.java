package dev.inflight;

import java.time.Instant;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * What one version did: a part for each lane that ran it, and the ends of calls that no lane ended.
 *
 * <p>Invariant: a place in {@code lanes} is written by who holds the lane, once. Of {@code ends},
 * {@code taken} is what the slot's {@link Figures} took over since the version ended; who counts
 * looks after that whether it has ended, so nothing stays behind.
 */
final class VersionFigures {
  private final String version;
  private final Instant since;
  private final AtomicReferenceArray<@Nullable LaneFigures> lanes;
  private final Map<CallEnd, LongAdder> ends = Figures.counters();
  private final long[] taken = new long[ends.size()];
  private volatile boolean ended;

  VersionFigures(String version, Instant since, int lanes) {
    this.version = version;
    this.since = since;
    this.lanes = new AtomicReferenceArray<>(lanes);
  }

  /** For who holds the lane and leases the version. */
  LaneFigures on(Lane lane) {
    LaneFigures figures = lanes.getPlain(lane.index());
    if (figures == null) {
      figures = new LaneFigures();
      lanes.setRelease(lane.index(), figures);
    }
    return figures;
  }

  void add(CallEnd end, int predictions) {
    Figures.of(ends, end).add(predictions);
  }

  /** What lanes did; it only ever grows, and stands still once the version has ended. */
  VersionStats ofLanes(boolean current) {
    VersionStats none = VersionStats.none(version, current, since);
    VersionStats all = none;
    for (int i = 0; i < lanes.length(); i++) {
      LaneFigures figures = lanes.getAcquire(i);
      if (figures != null) {
        all = figures.snapshot(none, all);
      }
    }
    return all;
  }

  Ends others() {
    return Figures.sum(ends);
  }

  boolean hasEnded() {
    return ended;
  }

  /** Under the lock of the slot's figures; {@return what no lane ended and was not taken yet}. */
  Ends end() {
    ended = true;
    long[] fresh = new long[taken.length]; // below 0 where it takes back what a lane has counted
    int i = 0;
    for (LongAdder counter : ends.values()) {
      long sum = counter.sum();
      fresh[i] = sum - taken[i];
      taken[i++] = sum;
    }
    return new Ends(fresh);
  }
}
