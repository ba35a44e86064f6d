package dev.inflight.micrometer;

import dev.inflight.CallEnd;
import dev.inflight.Histogram;
import dev.inflight.InferenceStats;
import dev.inflight.Release;
import dev.inflight.VersionStats;
import dev.inflight.deploy.DeploymentStatus;
import io.micrometer.core.instrument.Tags;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * A model's statistics and, if it has a deployment, where its versions stand.
 *
 * <p>Invariant: what was ever counted is under exactly one version: under its own while it is here,
 * under {@link #RETIRED} afterwards, and under {@link #NONE} if it met none. So the sum over all
 * only grows. Of two versions of one name the one that was taken in last has the name.
 */
final class ModelSource implements Source {
  /** What versions counted that are gone. */
  static final String RETIRED = "retired";

  /** Calls that no version could take, and a version without a name. */
  static final String NONE = "none";

  private static final double[] PERCENTILES = {0.5, 0.9, 0.99, 0.999};

  private final Supplier<InferenceStats> stats;
  private final Supplier<Optional<DeploymentStatus>> status;
  private final String model;
  private final Window window = new Window();

  ModelSource(Supplier<InferenceStats> stats, Supplier<Optional<DeploymentStatus>> status) {
    this.stats = stats;
    this.status = status;
    model = stats.get().model();
  }

  /** {@return what nearly every figure carries; registries refuse empty values} */
  static Tags tags(String model, String version) {
    return Tags.of("model", model, "version", version.isEmpty() ? NONE : version);
  }

  static String tag(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  @Override
  public Sample anchor() {
    return Sample.gauge(Family.WATCHED, Tags.of("model", model), 1);
  }

  @Override
  public synchronized List<Sample> read(boolean percentiles) {
    Optional<DeploymentStatus> state = status.get();
    InferenceStats now = stats.get();
    List<Sample> samples = new ArrayList<>();
    samples.add(anchor());
    counted(now, samples);
    if (percentiles) {
      window.until(now).versions().forEach(version -> percentiles(version, samples));
    }
    new Standing(model, now, state, samples).add();
    return samples;
  }

  private void counted(InferenceStats now, List<Sample> samples) {
    VersionStats gone = now.gone();
    Map<String, VersionStats> byName = new LinkedHashMap<>();
    for (VersionStats version : now.versions()) {
      String name = version.version().isEmpty() ? NONE : version.version();
      VersionStats older = byName.put(name, version);
      if (older != null) {
        gone = gone.plus(older);
      }
    }
    long unmet = gone.ends().unavailable();
    byName.merge(RETIRED, gone, (version, rest) -> rest.plus(version));
    byName.forEach(
        (name, version) -> {
          counted(name, version, samples);
          long more = name.equals(NONE) ? unmet : name.equals(RETIRED) ? -unmet : 0;
          ends(name, version, more, samples);
        });
    if (!byName.containsKey(NONE)) {
      Tags tags = tags(model, NONE).and("end", tag(CallEnd.UNAVAILABLE));
      samples.add(Sample.counter(Family.PREDICTIONS, tags, gone.since(), unmet));
    }
  }

  private void ends(String name, VersionStats of, long unmet, List<Sample> samples) {
    for (CallEnd end : CallEnd.values()) {
      long count = of.ends().of(end) + (end == CallEnd.UNAVAILABLE ? unmet : 0);
      Tags tags = tags(model, name).and("end", tag(end));
      samples.add(Sample.counter(Family.PREDICTIONS, tags, of.since(), count));
    }
  }

  private void counted(String name, VersionStats of, List<Sample> samples) {
    Tags tags = tags(model, name);
    Map<Family, Histogram> spread =
        Map.of(
            Family.CALL, of.latency(),
            Family.QUEUE_WAIT, of.queued(),
            Family.RUN, of.run(),
            Family.RUN_ROWS, of.rows(),
            Family.ENCODE, of.encode(),
            Family.DECODE, of.decode());
    spread.forEach(
        (family, values) -> samples.add(Sample.distribution(family, tags, of.since(), values)));
    for (Release release : Release.values()) {
      samples.add(
          Sample.counter(
              Family.RUNS, tags.and("release", tag(release)), of.since(), of.runs(release)));
    }
  }

  private void percentiles(VersionStats of, List<Sample> samples) {
    Map<Family, Histogram> spread =
        Map.of(
            Family.CALL_PERCENTILE, of.latency(),
            Family.WAIT_PERCENTILE, of.queued(),
            Family.RUN_PERCENTILE, of.run(),
            Family.ROWS_PERCENTILE, of.rows());
    spread.forEach(
        (family, values) -> {
          for (double part : PERCENTILES) {
            double value = values.count() == 0 ? Double.NaN : values.quantile(part);
            Tags tags = tags(model, of.version()).and("quantile", Double.toString(part));
            samples.add(Sample.gauge(family, tags, value));
          }
        });
  }
}
