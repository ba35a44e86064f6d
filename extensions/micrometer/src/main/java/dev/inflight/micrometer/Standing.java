package dev.inflight.micrometer;

import dev.inflight.BatchingReport;
import dev.inflight.InferenceStats;
import dev.inflight.ModelInfo;
import dev.inflight.VersionStats;
import dev.inflight.deploy.CanaryReport;
import dev.inflight.deploy.DeploymentStatus;
import dev.inflight.deploy.DeploymentStatus.State;
import io.micrometer.core.instrument.Tags;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/**
 * How a model stands at one moment: its versions' states, its queue, its canary. A repository may
 * have any number of versions, so only those that are resident are named, the others counted.
 */
record Standing(
    String model, InferenceStats now, Optional<DeploymentStatus> status, List<Sample> samples) {
  void add() {
    now.versions().stream().filter(VersionStats::current).findFirst().ifPresent(this::current);
    for (VersionStats version : now.versions()) {
      gauge(Family.VERSION_STATE, of(version.version()).and("state", tag(state(version))), 1);
    }
    for (State state : State.values()) {
      gauge(Family.VERSIONS, ofModel().and("state", tag(state)), (double) inState(state));
    }
    status.ifPresent(all -> gauge(Family.REPOSITORY_AGE, ofModel(), age(all)));
    gauge(Family.QUEUE_ROWS, ofModel(), now.waiting());
    gauge(Family.UTILISATION, ofModel(), now.batching().utilisation());
    Instant begin = now.total().since();
    samples.add(Sample.counter(Family.DROPPED, ofModel(), begin, now.droppedEvents()));
    samples.add(Sample.counter(Family.FAILURES, ofModel(), begin, now.listenerFailures()));
    status.ifPresent(all -> all.canary().ifPresent(report -> canary(all, report)));
  }

  /** In nanoseconds; before the first answer there is none. */
  private double age(DeploymentStatus all) {
    return all.lastHeard()
        .map(heard -> Math.max(0, (double) ChronoUnit.NANOS.between(heard, now.at())))
        .orElse(Double.NaN);
  }

  private void current(VersionStats version) {
    BatchingReport costs = now.batching();
    Tags tags = of(version.version());
    gauge(Family.FIXED, tags, costs.fixedNanos());
    gauge(Family.ROW, tags, costs.rowNanos());
    gauge(Family.SAVING, tags, costs.savingNanos());
    gauge(Family.HAND_OFF, tags, costs.handOffNanos());
    gauge(Family.CAP, tags, costs.cap());
    gauge(Family.MODE, tags.and("mode", tag(costs.mode())), 1);
    Instant since =
        standing(version)
            .filter(here -> here.state() == State.LIVE)
            .map(DeploymentStatus.Version::since)
            .orElse(version.since());
    gauge(Family.LIVE_SINCE, ofModel(), since.getEpochSecond() * 1e9 + since.getNano());
  }

  private Optional<DeploymentStatus.Version> standing(VersionStats version) {
    return status.flatMap(all -> all.version(version.version()));
  }

  private State state(VersionStats version) {
    State otherwise = version.current() ? State.LIVE : State.RETAINED;
    return status.isEmpty()
        ? otherwise
        : standing(version).map(DeploymentStatus.Version::state).orElse(State.RETIRED);
  }

  private long inState(State state) {
    return status.isPresent()
        ? status.get().versions().stream().filter(version -> version.state() == state).count()
        : now.versions().stream().filter(version -> state(version) == state).count();
  }

  /** While a version is tried that is in state CANARY; after its promotion it is the live one. */
  private void canary(DeploymentStatus all, CanaryReport report) {
    String candidate =
        all.versions().stream()
            .filter(version -> version.state() == State.CANARY)
            .map(DeploymentStatus.Version::version)
            .findFirst()
            .or(() -> all.live().map(ModelInfo::version))
            .orElse("");
    Tags tags = of(candidate);
    gauge(Family.PAIRS, tags, (double) report.pairs());
    gauge(Family.VERDICT, tags.and("verdict", tag(report.verdict())), 1);
    for (CanaryReport.SignalReport signal : report.signals()) {
      Tags ofSignal = tags.and("signal", tag(signal.signal()));
      gauge(Family.HARM, ofSignal.and("bound", "estimate"), signal.estimate());
      gauge(Family.HARM, ofSignal.and("bound", "lower"), signal.lower());
      gauge(Family.HARM, ofSignal.and("bound", "upper"), signal.upper());
      claim(ofSignal.and("claim", "roll_back"), signal.rollBack());
      signal.promote().ifPresent(claim -> claim(ofSignal.and("claim", "promote"), claim));
    }
  }

  private void claim(Tags tags, CanaryReport.Claim claim) {
    gauge(Family.EVIDENCE, tags, claim.logE());
    gauge(Family.NEEDED, tags, claim.logNeeded());
  }

  private Tags ofModel() {
    return Tags.of("model", model);
  }

  private Tags of(String version) {
    return ModelSource.tags(model, version);
  }

  private static String tag(Enum<?> value) {
    return ModelSource.tag(value);
  }

  private void gauge(Family family, Tags tags, double value) {
    samples.add(Sample.gauge(family, tags, value));
  }
}
