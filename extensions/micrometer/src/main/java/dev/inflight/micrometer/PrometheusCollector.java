package dev.inflight.micrometer;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.config.NamingConvention;
import io.prometheus.metrics.model.registry.MultiCollector;
import io.prometheus.metrics.model.snapshots.ClassicHistogramBuckets;
import io.prometheus.metrics.model.snapshots.CounterSnapshot;
import io.prometheus.metrics.model.snapshots.CounterSnapshot.CounterDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot;
import io.prometheus.metrics.model.snapshots.GaugeSnapshot.GaugeDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot;
import io.prometheus.metrics.model.snapshots.HistogramSnapshot.HistogramDataPointSnapshot;
import io.prometheus.metrics.model.snapshots.Labels;
import io.prometheus.metrics.model.snapshots.MetricMetadata;
import io.prometheus.metrics.model.snapshots.MetricSnapshot;
import io.prometheus.metrics.model.snapshots.MetricSnapshots;
import io.prometheus.metrics.model.snapshots.SummarySnapshot;
import io.prometheus.metrics.model.snapshots.SummarySnapshot.SummaryDataPointSnapshot;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;

/** What all sources of one Prometheus registry show, read anew at each scrape. */
final class PrometheusCollector implements MultiCollector {
  private static final double NANOS = 1e9;

  /** A source here: {@code anchor} is shown by its meter, {@code common} goes to all the others. */
  record Part(Board board, Family anchor, Tags common) {}

  private record Point(Labels labels, Sample sample) {}

  private final NamingConvention naming;
  private final List<Part> parts = new ArrayList<>();

  PrometheusCollector(NamingConvention naming) {
    this.naming = naming;
  }

  synchronized void add(Part part) {
    parts.add(part);
  }

  /** {@return whether none is left} */
  synchronized boolean remove(Part part) {
    return parts.remove(part) && parts.isEmpty();
  }

  @Override
  public synchronized MetricSnapshots collect() {
    Map<Family, List<Point>> points = new EnumMap<>(Family.class);
    for (Part part : parts) {
      for (Sample sample : part.board().refresh().values()) {
        Family family = sample.key().family();
        if (family != part.anchor()) {
          Labels labels = labels(part.common().and(sample.key().tags()));
          points.computeIfAbsent(family, none -> new ArrayList<>()).add(new Point(labels, sample));
        }
      }
    }
    MetricSnapshots.Builder all = MetricSnapshots.builder();
    points.forEach((family, of) -> all.metricSnapshot(snapshot(family, of)));
    return all.build();
  }

  private Labels labels(Tags tags) {
    Labels.Builder labels = Labels.builder();
    tags.forEach(tag -> labels.label(naming.tagKey(tag.getKey()), naming.tagValue(tag.getValue())));
    return labels.build();
  }

  private MetricSnapshot snapshot(Family family, List<Point> points) {
    return switch (family.kind) {
      case COUNTER ->
          new CounterSnapshot(
              named(family, Meter.Type.COUNTER, family.unit),
              points.stream().map(PrometheusCollector::counter).toList());
      case GAUGE ->
          new GaugeSnapshot(
              named(family, Meter.Type.GAUGE, family.unit),
              points.stream().map(point -> gauge(point, 1)).toList());
      case SECONDS ->
          new GaugeSnapshot(
              named(family, Meter.Type.GAUGE, "seconds"),
              points.stream().map(point -> gauge(point, NANOS)).toList());
      case TIMES ->
          new SummarySnapshot(
              named(family, Meter.Type.TIMER, "seconds"),
              points.stream().map(PrometheusCollector::times).toList());
      case DURATIONS ->
          new HistogramSnapshot(
              named(family, Meter.Type.TIMER, "seconds"),
              points.stream().map(point -> histogram(point, NANOS)).toList());
      case SIZES ->
          new HistogramSnapshot(
              named(family, Meter.Type.DISTRIBUTION_SUMMARY, family.unit),
              points.stream().map(point -> histogram(point, 1)).toList());
    };
  }

  private MetricMetadata named(Family family, Meter.Type type, String unit) {
    String name = naming.name(family.meter, type, unit.isEmpty() ? null : unit);
    return new MetricMetadata(name, family.help);
  }

  private static CounterDataPointSnapshot counter(Point point) {
    return CounterDataPointSnapshot.builder()
        .labels(point.labels())
        .value((double) point.sample().count())
        .createdTimestampMillis(point.sample().begin().toEpochMilli())
        .build();
  }

  private static GaugeDataPointSnapshot gauge(Point point, double unit) {
    return GaugeDataPointSnapshot.builder()
        .labels(point.labels())
        .value(point.sample().value() / unit)
        .build();
  }

  private static SummaryDataPointSnapshot times(Point point) {
    return SummaryDataPointSnapshot.builder()
        .labels(point.labels())
        .count(point.sample().count())
        .sum(point.sample().sum() / NANOS)
        .createdTimestampMillis(point.sample().begin().toEpochMilli())
        .build();
  }

  private static HistogramDataPointSnapshot histogram(Point point, double unit) {
    Sample sample = point.sample();
    Kind kind = sample.key().family().kind;
    ClassicHistogramBuckets.Builder buckets = ClassicHistogramBuckets.builder();
    for (int i = 0; i < kind.buckets(); i++) {
      buckets.bucket(kind.limit(i) / unit, sample.count(i));
    }
    buckets.bucket(Double.POSITIVE_INFINITY, sample.count(kind.buckets()));
    return HistogramDataPointSnapshot.builder()
        .labels(point.labels())
        .classicHistogramBuckets(buckets.build())
        .sum(sample.sum() / unit)
        .createdTimestampMillis(sample.begin().toEpochMilli())
        .build();
  }
}
