package dev.inflight.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.inflight.CallEnd;
import dev.inflight.Histogram;
import dev.inflight.InferenceStats;
import dev.inflight.Lanes;
import dev.inflight.ModelSlot;
import dev.inflight.Release;
import dev.inflight.VersionStats;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.FunctionTimer;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.composite.CompositeMeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class MeterBindingTest {
  private final Lanes lanes = Lanes.of(2);
  private final SimpleMeterRegistry registry = new SimpleMeterRegistry();
  private final ModelSlot<Long, Long> slot = ModelSlot.of(new NumberModel("1"), lanes);
  private final AtomicLong nanos = new AtomicLong();
  private final AtomicInteger looks = new AtomicInteger();
  private final InflightMetrics metrics =
      new InflightMetrics(
          List.of(
              new ModelSource(
                  () -> {
                    looks.incrementAndGet();
                    return slot.stats();
                  },
                  Optional::empty)),
          nanos::get);

  @AfterEach
  void close() {
    metrics.close();
    slot.close();
    lanes.close();
  }

  private void swap(String version) throws Exception {
    slot.swap(new NumberModel(version)).get(10, TimeUnit.SECONDS);
  }

  /** A second later somebody polls something. */
  private void poll() {
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
    registry.get("inflight.queue.rows").gauge().value();
  }

  private double count(String version, String name, String tag, Enum<?> value) {
    return registry
        .get(name)
        .tags("model", "numbers", "version", version)
        .tag(tag, value.name().toLowerCase(Locale.ROOT))
        .functionCounter()
        .count();
  }

  private FunctionTimer timer(String version, String name) {
    return registry.get(name).tags("model", "numbers", "version", version).functionTimer();
  }

  private Set<String> versions() {
    return registry.getMeters().stream()
        .map(meter -> String.valueOf(meter.getId().getTag("version")))
        .collect(Collectors.toSet());
  }

  @Test
  void poll_callsOfAllSorts_isWhatWasCounted() throws Exception {
    long seed = System.nanoTime();
    System.out.println("calls: seed " + seed);
    RandomCalls calls = new RandomCalls(slot.predictor(), seed);
    metrics.bindTo(registry);
    calls.make(500);
    swap("2");
    poll();
    calls.make(500);
    InferenceStats stats;
    do {
      stats = slot.stats();
      poll();
    } while (slot.stats().total().run().count() != stats.total().run().count()
        || slot.stats().total().ends().all() != stats.total().ends().all());
    equal("2", stats.version("2").orElseThrow());
    equal("retired", stats.gone());
    double all = 0;
    for (FunctionCounter each : registry.get("inflight.predictions").functionCounters()) {
      all += each.count();
    }
    assertThat(all).isEqualTo((double) stats.total().ends().all());
  }

  private void equal(String version, VersionStats stats) {
    for (CallEnd end : CallEnd.values()) {
      if (end != CallEnd.UNAVAILABLE) {
        assertThat(count(version, "inflight.predictions", "end", end))
            .isEqualTo((double) stats.ends().of(end));
      }
    }
    for (Release release : Release.values()) {
      assertThat(count(version, "inflight.runs", "release", release))
          .isEqualTo((double) stats.runs(release));
    }
    FunctionTimer call = timer(version, "inflight.call");
    assertThat(call.count()).isEqualTo((double) stats.latency().count());
    assertThat(call.totalTime(TimeUnit.NANOSECONDS))
        .isCloseTo((double) stats.latency().sum(), within(1.0));
    assertThat(timer(version, "inflight.queue.wait").count())
        .isEqualTo((double) stats.queued().count());
    assertThat(timer(version, "inflight.run").count()).isEqualTo((double) stats.run().count());
    assertThat(registry.get("inflight.run.rows").tags("version", version).functionCounter().count())
        .isEqualTo((double) stats.rows().sum());
  }

  @Test
  void poll_percentiles_areThoseOfTheVersionsHistogram() {
    metrics.bindTo(registry);
    for (long i = 0; i < 200; i++) {
      slot.predictor().predict(i % 10);
    }
    poll();
    for (Gauge gauge : registry.get("inflight.call.percentile").gauges()) {
      double part = Double.parseDouble(gauge.getId().getTag("quantile"));
      double expected = (double) slot.stats().version("1").orElseThrow().latency().quantile(part);
      assertThat(gauge.value() * 1e9).isCloseTo(expected, within(1.0));
    }
    assertThat(registry.get("inflight.call.percentile").gauges()).hasSize(4);
    assertThat(registry.get("inflight.run.rows.percentile").tag("quantile", "0.5").gauge().value())
        .isEqualTo(1);
  }

  @Test
  void poll_manyInASecond_lookOnce() {
    metrics.bindTo(registry);
    looks.set(0);
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
    registry.getMeters().forEach(meter -> meter.measure().forEach(each -> each.getValue()));
    registry.getMeters().forEach(meter -> meter.measure().forEach(each -> each.getValue()));
    assertThat(looks).hasValue(1);
    nanos.addAndGet(TimeUnit.SECONDS.toNanos(1));
    registry.getMeters().forEach(meter -> meter.measure().forEach(each -> each.getValue()));
    assertThat(looks).hasValue(2);
  }

  @Test
  void poll_tenThousandVersions_leaveNoMeter() throws Exception {
    metrics.bindTo(registry);
    int meters = registry.getMeters().size();
    for (int i = 2; i <= 10_000; i++) {
      slot.predictor().predict(1L);
      swap(Integer.toString(i));
      if (i % 50 == 0) {
        poll();
        assertThat(registry.getMeters()).hasSize(meters);
      }
    }
    poll();
    assertThat(versions()).containsExactlyInAnyOrder("null", "retired", "none", "10000");
    assertThat(count("retired", "inflight.predictions", "end", CallEnd.COMPLETED)).isEqualTo(9_999);
    metrics.close();
    assertThat(registry.getMeters()).isEmpty();
  }

  @Test
  void bindTo_compositeWithPrometheus_givesThatOneHistogramsAndTheOtherTimers() {
    CompositeMeterRegistry both = new CompositeMeterRegistry();
    PrometheusMeterRegistry prometheus = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    both.add(registry);
    both.add(prometheus);
    metrics.bindTo(both);
    slot.predictor().predict(1L);
    poll();
    assertThat(timer("1", "inflight.call").count()).isEqualTo(1);
    Exposition shown = Exposition.of(prometheus.scrape());
    assertThat(shown.types()).containsEntry("inflight_call_seconds", "histogram");
    assertThat(shown.value("inflight_call_seconds_count", "model", "numbers", "version", "1"))
        .isEqualTo(1);
    metrics.close();
    assertThat(registry.getMeters()).isEmpty();
    assertThat(prometheus.scrape()).isEmpty();
  }

  @Test
  void bindTo_compositeWithoutPrometheus_servesWhatJoinsLater() {
    CompositeMeterRegistry composite = new CompositeMeterRegistry();
    metrics.bindTo(composite);
    composite.add(registry);
    slot.predictor().predict(1L);
    poll();
    assertThat(timer("1", "inflight.call").count()).isEqualTo(1);
    metrics.close();
    assertThat(registry.getMeters()).isEmpty();
  }

  @Test
  void after_countsOfOneBegin_neverFall() {
    Instant begin = Instant.EPOCH;
    Tags tags = Tags.empty();
    Sample before = Sample.counter(Family.PREDICTIONS, tags, begin, 7);
    assertThat(Sample.counter(Family.PREDICTIONS, tags, begin, 6).after(before).count())
        .isEqualTo(7);
    assertThat(Sample.counter(Family.PREDICTIONS, tags, begin, 8).after(before).count())
        .isEqualTo(8);
    Instant again = begin.plusSeconds(1);
    assertThat(Sample.counter(Family.PREDICTIONS, tags, again, 6).after(before).sum()).isEqualTo(6);
    slot.predictor().predict(1L);
    Histogram one = slot.stats().total().latency();
    Sample full = Sample.distribution(Family.CALL, tags, begin, one);
    Sample empty = Sample.distribution(Family.CALL, tags, begin, Histogram.EMPTY);
    assertThat(empty.after(full).count()).isEqualTo(1);
    assertThat(empty.after(full).sum()).isEqualTo(one.sum());
  }

  @Test
  void window_afterMinutes_holdsTheLastOneOrTwo() {
    Window window = new Window();
    slot.predictor().predict(1L);
    InferenceStats first = slot.stats();
    assertThat(window.until(first).total().latency().count()).isEqualTo(1);
    slot.predictor().predict(1L);
    InferenceStats second = later(slot.stats(), 61);
    assertThat(window.until(second).total().latency().count()).isEqualTo(1);
    slot.predictor().predict(1L);
    assertThat(window.until(later(slot.stats(), 100)).total().latency().count()).isEqualTo(2);
    assertThat(window.until(later(slot.stats(), 122)).total().latency().count()).isEqualTo(1);
  }

  private static InferenceStats later(InferenceStats stats, int seconds) {
    return new InferenceStats(
        stats.model(),
        stats.at().plus(Duration.ofSeconds(seconds)),
        stats.over(),
        stats.total(),
        stats.versions(),
        stats.waiting(),
        stats.batching(),
        stats.droppedEvents(),
        stats.listenerFailures());
  }
}
