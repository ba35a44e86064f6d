package dev.inflight;

import java.time.Instant;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * What one version did: a part for each lane that ran it, and the ends of calls that no lane ended.
 *
 * <p>Invariant: a place in {@code lanes} is written by who holds the lane, once; an end that no
 * lane made is counted here after it was counted in the slot's {@link Figures}.
 */
final class VersionFigures {
  private final String version;
  private final Instant since;
  private final AtomicReferenceArray<@Nullable LaneFigures> lanes;
  private final Map<CallEnd, LongAdder> ends = Figures.counters();

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
}
