package dev.inflight;

import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * What all versions of one slot did, those that are gone included.
 *
 * <p>Invariant: an end is counted in one place: by its version, or in {@code unmet} if it had none;
 * a version's end moves what it counted to {@code gone}, and whoever counts for it later moves that
 * too. So the total less the versions that are here never shrinks because two counters of one end
 * were read at different moments.
 */
final class Figures {
  private static final String PROPERTY = "inflight.statistics";

  private final boolean on = !"off".equals(System.getProperty(PROPERTY));
  private final Instant begin = Instant.now();
  private final Map<CallEnd, LongAdder> unmet = counters();
  private final List<VersionFigures> here = new ArrayList<>();
  private VersionStats gone = VersionStats.none("", false, begin);

  static Map<CallEnd, LongAdder> counters() {
    Map<CallEnd, LongAdder> counters = new EnumMap<>(CallEnd.class);
    for (CallEnd end : CallEnd.values()) {
      counters.put(end, new LongAdder());
    }
    return counters;
  }

  static LongAdder of(Map<CallEnd, LongAdder> counters, CallEnd end) {
    return Objects.requireNonNull(counters.get(end));
  }

  static Ends sum(Map<CallEnd, LongAdder> counters) {
    long[] sums = new long[counters.size()];
    int i = 0;
    for (LongAdder counter : counters.values()) { // in the order of the ends
      sums[i++] = counter.sum();
    }
    return new Ends(sums);
  }

  /** Null if nothing is to be counted. */
  @Nullable VersionFigures begin(ModelInfo model, int lanes) {
    if (!on) {
      return null;
    }
    VersionFigures figures = new VersionFigures(model.version(), Instant.now(), lanes);
    synchronized (here) {
      here.add(figures);
    }
    return figures;
  }

  /** The version has ended: no lane will ever write again. */
  void end(VersionFigures figures) {
    synchronized (here) {
      if (here.remove(figures)) {
        gone = gone.plus(figures.ofLanes(false));
        gone = gone.withEnds(gone.ends().plus(figures.end()));
      }
    }
  }

  /** Predictions that no lane ended; of a version, if they were for one. */
  void add(@Nullable VersionFigures of, CallEnd end, int predictions) {
    if (!on) {
      return;
    }
    if (of == null) {
      of(unmet, end).add(predictions);
      return;
    }
    of.add(end, predictions);
    if (of.hasEnded()) { // its end may have come before that
      synchronized (here) {
        gone = gone.withEnds(gone.ends().plus(of.end()));
      }
    }
  }

  /** What each version that is here did, and last what all did; {@code current} serves. */
  List<VersionStats> snapshot(@Nullable VersionFigures current) {
    List<VersionStats> all = new ArrayList<>();
    synchronized (here) {
      VersionStats total = gone;
      for (VersionFigures figures : here) {
        Ends alone = figures.others(); // first: some take back what a lane has counted
        VersionStats lanes = figures.ofLanes(figures == current);
        VersionStats version = lanes.withEnds(lanes.ends().plus(alone));
        all.add(version);
        total = total.plus(version);
      }
      all.add(total.withEnds(total.ends().plus(sum(unmet))));
    }
    return all;
  }
}
