package dev.inflight.status;

import dev.inflight.InferenceStats;
import dev.inflight.deploy.DeploymentStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * What was seen of one model before, so that there are rates.
 *
 * <p>Invariant: oldest first, at least {@link #STEP} apart, none older than {@link #SPAN} unless it
 * is the only one: there is always one to compare with.
 */
final class Past {
  private static final Duration SPAN = Duration.ofMinutes(1);

  /** Several who look share what is kept, which bounds it. */
  private static final Duration STEP = Duration.ofSeconds(1);

  /** A shorter window shows noise; the one before is used. */
  private static final Duration SHORTEST = Duration.ofMillis(500);

  private final Deque<InferenceStats> kept = new ArrayDeque<>();

  Look look(DeploymentStatus status, InferenceStats now) {
    forget(now.at().minus(SPAN));
    InferenceStats window = window(now);
    List<Look.Pace> pace = pace(now);
    InferenceStats last = kept.peekLast();
    if (last == null || !last.at().plus(STEP).isAfter(now.at())) {
      kept.addLast(now);
    }
    return new Look(status, now, window, pace);
  }

  private void forget(Instant begin) {
    while (kept.size() > 1 && kept.getFirst().at().isBefore(begin)) {
      kept.removeFirst();
    }
  }

  private InferenceStats window(InferenceStats now) {
    InferenceStats oldest = kept.peekFirst();
    return oldest == null || oldest.at().plus(SHORTEST).isAfter(now.at()) ? now : now.since(oldest);
  }

  private List<Look.Pace> pace(InferenceStats now) {
    List<Look.Pace> pace = new ArrayList<>();
    InferenceStats before = null;
    for (InferenceStats each : kept) {
      if (before != null) {
        pace.add(between(before, each));
      }
      before = each;
    }
    if (before != null && !before.at().plus(SHORTEST).isAfter(now.at())) {
      pace.add(between(before, now));
    }
    return pace;
  }

  private static Look.Pace between(InferenceStats from, InferenceStats to) {
    double seconds = Duration.between(from.at(), to.at()).toNanos() / 1e9;
    long ended = to.total().ends().since(from.total().ends()).all();
    return new Look.Pace(from.at(), to.at(), ended / seconds);
  }
}
