package dev.inflight.status;

import dev.inflight.InferenceStats;
import dev.inflight.VersionStats;
import dev.inflight.deploy.DeploymentStatus;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * One model at one moment.
 *
 * @param total since the model was taken in
 * @param window lately
 * @param pace how many predictions ended a second, between looks, oldest first
 */
record Look(DeploymentStatus status, InferenceStats total, InferenceStats window, List<Pace> pace) {
  /**
   * A piece of the past.
   *
   * @param from its begin
   * @param to its end
   */
  record Pace(Instant from, Instant to, double perSecond) {}

  Instant at() {
    return total.at();
  }

  Optional<VersionStats> lately(String version) {
    return window.version(version);
  }

  /** The part of all predictions of the window; empty if the version is not loaded. */
  Optional<Double> share(String version) {
    long all = window.total().ends().all();
    return lately(version)
        .map(stats -> all == 0 ? 0 : Math.min(1, (double) stats.ends().all() / all));
  }
}
