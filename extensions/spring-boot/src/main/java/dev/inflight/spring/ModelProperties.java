package dev.inflight.spring;

import dev.inflight.Batching;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * One model of the configuration.
 *
 * @param directory root of the repository: versions are at {@code directory/name/version}
 * @param loader name of the ModelLoader bean; may be left out where there is one only
 * @param policy which version serves: latest, latest:3, exactly:2, between:3..7 or alias:champion
 * @param pollEvery how often the repository is asked
 * @param keep versions that stay loaded behind the one that serves
 * @param requireManifest whether versions without a manifest are never taken
 * @param home where rejected versions and the last good one are remembered over restarts
 * @param staging where private copies are kept while their version lives
 * @param startWithin how long the application waits for a live version before it serves; zero does
 *     not wait
 * @param required whether the application fails to start if no version is live by then
 * @param lanes the most runs at once; 0 is all lanes of the process
 * @param timeout of calls that have none of their own
 * @param batching limits on waiting and sharing runs
 * @param rollout how a new version comes to serve
 */
public record ModelProperties(
    @Nullable Path directory,
    @Nullable String loader,
    @DefaultValue("latest") String policy,
    @DefaultValue("1s") Duration pollEvery,
    @DefaultValue("1") int keep,
    @DefaultValue("false") boolean requireManifest,
    @Nullable Path home,
    @Nullable Path staging,
    @DefaultValue("60s") Duration startWithin,
    @DefaultValue("true") boolean required,
    @DefaultValue("0") int lanes,
    @Nullable Duration timeout,
    @DefaultValue BatchingProperties batching,
    @DefaultValue RolloutProperties rollout) {

  /**
   * Limits; what is left out is as in {@link Batching#auto()}.
   *
   * @param maxBatch the most rows in a run; 1 switches batching off
   * @param maxDelay how long the oldest row waits for company; for accelerators only
   * @param queueRows the most rows that wait; more are refused
   * @param callerRuns whether calls with a timeout may run on their callers' threads
   */
  public record BatchingProperties(
      @Nullable Integer maxBatch,
      @Nullable Duration maxDelay,
      @Nullable Integer queueRows,
      @DefaultValue("false") boolean callerRuns) {
    Batching batching() {
      Batching auto = Batching.auto();
      return new Batching(
          maxBatch == null ? auto.maxBatch() : maxBatch,
          maxDelay == null ? auto.maxDelay() : maxDelay,
          queueRows == null ? auto.queueRows() : queueRows,
          auto.queueBytes(),
          callerRuns);
    }
  }

  /**
   * How a version that has passed its gates comes to serve.
   *
   * @param mode at once; beside the live one until there is evidence; or beside it until somebody
   *     decides
   * @param sampleShare the part of the requests that run on both versions
   * @param ramp growing parts of the traffic that see the candidate
   * @param step how long each part lasts at least
   * @param deadline after that long the old version is kept, undecided
   */
  public record RolloutProperties(
      @DefaultValue("immediate") Mode mode,
      @Nullable Double sampleShare,
      @DefaultValue List<Double> ramp,
      @DefaultValue("10m") Duration step,
      @Nullable Duration deadline) {
    /** Kinds of rollout. */
    public enum Mode {
      /** At once. */
      IMMEDIATE,
      /** Evidence promotes or rejects. */
      CANARY,
      /** Evidence is shown, and an operator promotes or rejects. */
      SHADOW
    }
  }

  Optional<Duration> defaultTimeout() {
    return timeout == null ? Optional.empty() : Optional.of(timeout);
  }
}
