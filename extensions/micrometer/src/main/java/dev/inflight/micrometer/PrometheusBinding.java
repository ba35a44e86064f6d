package dev.inflight.micrometer;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.noop.NoopMeter;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.model.registry.PrometheusRegistry;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.WeakHashMap;

/**
 * One source in a Prometheus registry: its anchor is a meter, everything else comes straight from
 * one snapshot a scrape, so figures of one scrape fit each other and histograms are real ones. What
 * meter filters make of the anchor, its tags or that it is denied, holds for all.
 *
 * <p>Apart, because the classes it names may be absent.
 */
final class PrometheusBinding {
  /** One each, because two collectors may not have series of one name; none refers to its key. */
  private static final Map<PrometheusRegistry, PrometheusCollector> COLLECTORS =
      new WeakHashMap<>();

  private final MeterRegistry meters;
  private final PrometheusRegistry registry;
  private final Gauge anchor;
  private final PrometheusCollector.Part part;

  private PrometheusBinding(PrometheusMeterRegistry meters, Source source) {
    this.meters = meters;
    registry = meters.getPrometheusRegistry();
    Sample sample = source.anchor();
    Family family = sample.key().family();
    Tags own = sample.key().tags();
    anchor =
        Gauge.builder(family.meter, sample, Sample::value)
            .strongReference(true)
            .tags(own)
            .baseUnit(family.unit.isEmpty() ? null : family.unit)
            .description(family.help)
            .register(meters);
    List<Tag> common = new ArrayList<>(anchor.getId().getTags());
    common.removeIf(tag -> own.stream().anyMatch(mine -> mine.getKey().equals(tag.getKey())));
    part = new PrometheusCollector.Part(new Board(source, false), family, Tags.of(common));
    if (!(anchor instanceof NoopMeter)) {
      show();
    }
  }

  static boolean fits(MeterRegistry registry) {
    return registry instanceof PrometheusMeterRegistry;
  }

  /** {@return what ends it} */
  static Runnable begin(MeterRegistry registry, Source source) {
    return new PrometheusBinding((PrometheusMeterRegistry) registry, source)::close;
  }

  private void show() {
    synchronized (COLLECTORS) {
      PrometheusCollector collector = COLLECTORS.get(registry);
      if (collector == null) {
        collector = new PrometheusCollector(meters.config().namingConvention());
        registry.register(collector);
        COLLECTORS.put(registry, collector);
      }
      collector.add(part);
    }
  }

  private void close() {
    synchronized (COLLECTORS) {
      PrometheusCollector collector = COLLECTORS.get(registry);
      if (collector != null && collector.remove(part)) {
        registry.unregister(collector);
        COLLECTORS.remove(registry);
      }
    }
    meters.remove(anchor);
  }
}
