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
 * @param versions everything the repository had at the last poll and everything that is still
 *     resident, oldest first
 * @param canary how the version that is being tried, or watched after its promotion, compares, or
 *     what serves with itself; when that is over, how it ended
 * @param problem why the last poll failed, if it did
 * @param lastHeard when the source of the versions last said what it has: at the last poll that did
 *     not fail, or {@linkplain dev.inflight.repository.Versions#asOf earlier} if the repository
 *     answered from what it remembers; empty before the first answer
 */
public record DeploymentStatus(
    String name,
    Optional<ModelInfo> live,
    List<Version> versions,
    Optional<CanaryReport> canary,
    Optional<String> problem,
    Optional<Instant> lastHeard) {
  /** Copies the list. */
  public DeploymentStatus {
    versions = List.copyOf(versions);
  }

  /** Where a version stands. */
  public enum State {
    /** Being written, or not yet seen twice. */
    PENDING,
    /** Could be brought up; the policy wants another, or it waits for its next attempt. */
    AVAILABLE,
    /** Is being copied and verified. */
    FETCHING,
    /** Is being loaded. */
    LOADING,
    /** Loaded; has to pass its gates. */
    GATING,
    /** Passed its gates; is compared with what serves. */
    CANARY,
    /** Serves. */
    LIVE,
    /**
     * Serves when it is called: it gave its memory to another model, or to the version that is to
     * replace it, and its files are kept to load it again.
     */
    UNLOADED,
    /** Resident beside what serves: can serve at once. */
    RETAINED,
    /** Closed, or about to be when nothing uses it any more. */
    RETIRED,
    /** Could not be brought up, and will not be tried again as it is. */
    FAILED,
    /** Was found worse than what served, or was withdrawn. Will not be tried again as it is. */
    REJECTED
  }

  /**
   * One version.
   *
   * @param version as the repository calls it
   * @param identity of its content, empty if it is not known yet
   * @param state where it stands
   * @param since when it got there
   * @param reason why; empty where there is nothing to say
   * @param attempts how often it was brought up
   * @param nextAttempt when it is tried again, if it failed and may be
   * @param gates what it has passed, and what stopped it
   */
  public record Version(
      String version,
      String identity,
      State state,
      Instant since,
      String reason,
      int attempts,
      Optional<Instant> nextAttempt,
      List<GateReport> gates) {
    /** Copies the list. */
    public Version {
      gates = List.copyOf(gates);
    }
  }

  /**
   * What a gate said.
   *
   * @param gate its name
   * @param passed whether the version may go on
   * @param detail what was looked at, or what was wrong
   * @param millis how long it took
   */
  public record GateReport(String gate, boolean passed, String detail, long millis) {}

  /** {@return the version of that name, if there is one} */
  public Optional<Version> version(String name) {
    return versions.stream().filter(version -> version.version().equals(name)).findFirst();
  }
}
