package dev.inflight.deploy;

import dev.inflight.ModelInfo;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * A deployment at one moment.
 *
 * @param name of the model
 * @param live what serves
 * @param versions everything the repository had at the last poll, oldest first
 * @param problem why the last poll failed, if it did
 */
public record DeploymentStatus(
    String name, Optional<ModelInfo> live, List<Version> versions, Optional<String> problem) {
  /** Copies the list. */
  public DeploymentStatus {
    versions = List.copyOf(versions);
  }

  /** Where a version stands. */
  public enum State {
    /** Being written, or not yet seen twice. */
    PENDING,
    /** Could serve; the policy wants another. */
    AVAILABLE,
    /** Serves. */
    LIVE,
    /** Will not be tried again as it is. */
    FAILED
  }

  /**
   * One version.
   *
   * @param version as the repository calls it
   * @param state where it stands
   * @param since when it got there
   * @param reason why; empty where there is nothing to say
   */
  public record Version(String version, State state, Instant since, String reason) {}
}
