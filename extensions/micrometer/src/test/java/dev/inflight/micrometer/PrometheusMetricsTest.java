package dev.inflight.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.Batching;
import dev.inflight.CallEnd;
import dev.inflight.Histogram;
import dev.inflight.InferenceStats;
import dev.inflight.Lanes;
import dev.inflight.ModelSlot;
import dev.inflight.OverloadedException;
import dev.inflight.Release;
import dev.inflight.VersionStats;
import dev.inflight.deploy.MemoryBudget;
import io.micrometer.core.instrument.config.MeterFilter;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class PrometheusMetricsTest {
  private final Lanes lanes = Lanes.of(2);
  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final ModelSlot<Long, Long> slot = ModelSlot.of(new NumberModel("1"), lanes);

  @AfterEach
  void close() {
    slot.close();
    lanes.close();
  }

  private Exposition scrape() {
    return Exposition.of(registry.scrape());
  }

  private void swap(String version) throws Exception {
    slot.swap(new NumberModel(version)).get(10, TimeUnit.SECONDS);
  }

  @Test
  void scrape_callsOfAllSorts_isWhatWasCounted() throws Exception {
    long seed = System.nanoTime();
    System.out.println("calls: seed " + seed);
    RandomCalls calls = new RandomCalls(slot.predictor(), seed);
    try (InflightMetrics metrics = InflightMetrics.of(slot)) {
      metrics.bindTo(registry);
      for (int version = 2; version < 5; version++) {
        calls.make(700);
        swap(Integer.toString(version));
        calls.make(100);
        scrape();
      }
      InferenceStats stats;
      Exposition shown;
      do { // a lane may still run what nobody waits for
        stats = slot.stats();
        shown = scrape();
      } while (slot.stats().total().ends().all() != stats.total().ends().all()
          || slot.stats().total().run().count() != stats.total().run().count());
      assertThat(stats.total().ends().failed()).isPositive();
      assertThat(stats.total().ends().invalid()).isPositive();
      assertThat(stats.versions()).hasSize(1);
      equal(shown, "4", stats.version("4").orElseThrow());
      equal(shown, "retired", stats.gone());
      for (CallEnd end : CallEnd.values()) {
        assertThat(shown.sum("inflight_predictions_total", Map.of("end", name(end))))
            .as(name(end))
            .isEqualTo((double) stats.total().ends().of(end));
      }
    }
  }

  private static void equal(Exposition shown, String version, VersionStats stats) {
    String[] of = {"model", "numbers", "version", version};
    for (CallEnd end : CallEnd.values()) {
      if (end != CallEnd.UNAVAILABLE) {
        assertThat(
                shown.value(
                    "inflight_predictions_total",
                    "model",
                    "numbers",
                    "version",
                    version,
                    "end",
                    name(end)))
            .isEqualTo((double) stats.ends().of(end));
      }
    }
    for (Release release : Release.values()) {
      assertThat(
              shown.value(
                  "inflight_runs_total",
                  "model",
                  "numbers",
                  "version",
                  version,
                  "release",
                  name(release)))
          .isEqualTo((double) stats.runs(release));
    }
    equal(shown, "inflight_call_seconds", of, stats.latency(), 1e9);
    equal(shown, "inflight_queue_wait_seconds", of, stats.queued(), 1e9);
    equal(shown, "inflight_run_seconds", of, stats.run(), 1e9);
    equal(shown, "inflight_run_rows", of, stats.rows(), 1);
    assertThat(shown.value("inflight_encode_seconds_count", of))
        .isEqualTo((double) stats.encode().count());
  }

  /** Every bucket, against the histogram's own buckets, none of which may lie across a limit. */
  private static void equal(
      Exposition shown, String name, String[] of, Histogram values, double unit) {
    assertThat(shown.value(name + "_count", of)).isEqualTo((double) values.count());
    assertThat(shown.value(name + "_sum", of)).isEqualTo(values.sum() / unit);
    Map<String, String> labels = Map.of(of[0], of[1], of[2], of[3]);
    int seen = 0;
    for (Map.Entry<Exposition.Series, Double> bucket : shown.samples().entrySet()) {
      Map<String, String> all = bucket.getKey().labels();
      if (bucket.getKey().name().equals(name + "_bucket")
          && all.entrySet().containsAll(labels.entrySet())) {
        String le = all.get("le");
        long limit = le.equals("+Inf") ? Long.MAX_VALUE : Math.round(Double.parseDouble(le) * unit);
        long below = 0;
        for (Histogram.Bucket each : values.buckets()) {
          assertThat(each.from() <= limit && each.to() - 1 > limit)
              .as("%s at %s", each, le)
              .isFalse();
          below += each.to() - 1 <= limit ? each.count() : 0;
        }
        assertThat(bucket.getValue()).as("%s le %s", name, le).isEqualTo((double) below);
        seen++;
      }
    }
    assertThat(seen).isBetween(15, 26);
  }

  private static String name(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  @Test
  void runRows_anyNumbers_areInTheBucketsWhereTheyBelong() {
    long seed = System.nanoTime();
    System.out.println("rows: seed " + seed);
    Random random = new Random(seed);
    NumberModel model = new NumberModel("numbers", "1", true, new CountDownLatch(0));
    try (ModelSlot<Long, Long> weighted = ModelSlot.of(model, lanes);
        InflightMetrics metrics = InflightMetrics.of(weighted)) {
      metrics.bindTo(registry);
      List<Long> made = new ArrayList<>();
      for (int i = 0; i < 500; i++) {
        long rows = 1L << random.nextInt(9);
        rows = Math.max(1, Math.min(256, rows + random.nextInt(5) - 2));
        if (rows != NumberModel.FAILS && rows != NumberModel.BLOCKS) {
          weighted.predictor().predict(rows);
          made.add(rows);
        }
      }
      Exposition shown = scrape();
      for (int bits = 0; bits < 9; bits++) {
        long limit = Kind.SIZES.limit(bits);
        assertThat(
                shown.value(
                    "inflight_run_rows_bucket",
                    "model",
                    "numbers",
                    "version",
                    "1",
                    "le",
                    limit + ".0"))
            .isEqualTo((double) made.stream().filter(rows -> rows <= limit).count());
        assertThat(1L << bits).isLessThanOrEqualTo(limit);
      }
    }
  }

  @Test
  void scrape_queueIsFull_countsWhatWasRejectedAndWhatWaits() throws Exception {
    CountDownLatch go = new CountDownLatch(1);
    NumberModel model = new NumberModel("busy", "1", false, go);
    try (Lanes one = Lanes.of(1);
        ModelSlot<Long, Long> busy =
            ModelSlot.of(model, one, Batching.auto().withQueue(2, 1 << 20));
        InflightMetrics metrics = InflightMetrics.of(busy)) {
      metrics.bindTo(registry);
      List<CompletableFuture<?>> accepted = new ArrayList<>();
      try {
        accepted.add(busy.predictor().submit(NumberModel.BLOCKS));
        while (busy.stats().waiting() > 0) {
          Thread.onSpinWait(); // until the lane has it
        }
        int rejected = 0;
        while (rejected < 5) {
          try {
            accepted.add(busy.predictor().submit(NumberModel.BLOCKS));
          } catch (OverloadedException e) {
            rejected++;
          }
        }
        assertThat(scrape().value("inflight_queue_rows", "model", "busy")).isEqualTo(2);
      } finally {
        go.countDown();
      }
      for (CompletableFuture<?> future : accepted) {
        future.get(10, TimeUnit.SECONDS);
      }
      Exposition shown = scrape();
      assertThat(busy.stats().waiting()).isZero();
      assertThat(
              shown.value(
                  "inflight_predictions_total", "model", "busy", "version", "1", "end", "rejected"))
          .isEqualTo(5);
      assertThat(shown.sum("inflight_predictions_total", Map.of("end", "completed")))
          .isEqualTo((double) accepted.size());
    }
  }

  @Test
  void scrape_callsThatMeetNoVersion_areUnderNone() {
    try (ModelSlot<Long, Long> empty = ModelSlot.empty("empty", lanes);
        InflightMetrics metrics = InflightMetrics.of(empty)) {
      metrics.bindTo(registry);
      assertThatThrownBy(() -> empty.predictor().predict(1L)).isNotNull();
      Exposition shown = scrape();
      assertThat(shown.versions()).containsExactlyInAnyOrder("-", "retired", "none");
      assertThat(
              shown.value(
                  "inflight_predictions_total",
                  "model",
                  "empty",
                  "version",
                  "none",
                  "end",
                  "unavailable"))
          .isEqualTo(1);
      assertThat(shown.sum("inflight_predictions_total", Map.of())).isEqualTo(1);
    }
  }

  @Test
  void scrape_versionsWithReservedNamesAndOneNameTwice_isStillWhole() throws Exception {
    try (InflightMetrics metrics = InflightMetrics.of(slot)) {
      metrics.bindTo(registry);
      long calls = 0;
      for (String version : List.of("retired", "none", "", "1", "a \"b\"\\\nc")) {
        slot.admit(new NumberModel("1"));
        swap(version);
        slot.predictor().predict(1L);
        calls++;
        assertThat(scrape().sum("inflight_predictions_total", Map.of())).isEqualTo((double) calls);
        assertThat(scrape().sum("inflight_call_seconds_count", Map.of())).isEqualTo((double) calls);
      }
      assertThat(scrape().versions()).contains("a \\\"b\\\"\\\\\\nc");
    }
  }

  @Test
  void scrape_tenThousandVersions_leaveNoSeries() throws Exception {
    try (InflightMetrics metrics = InflightMetrics.of(slot)) {
      metrics.bindTo(registry);
      int series = scrape().samples().size();
      for (int i = 2; i <= 10_000; i++) {
        slot.predictor().predict(1L);
        swap(Integer.toString(i));
        if (i % 100 == 0) {
          assertThat(scrape().samples()).hasSize(series);
        }
      }
      Exposition shown = scrape();
      assertThat(shown.samples()).hasSize(series);
      assertThat(shown.versions()).containsExactlyInAnyOrder("-", "retired", "none", "10000");
      assertThat(shown.sum("inflight_predictions_total", Map.of())).isEqualTo(9_999);
      assertThat(registry.getMeters()).hasSize(1);
    }
  }

  @Test
  void scrape_whileVersionsAreSwappedUnderCalls_noSumAndNoSeriesEverFalls() throws Exception {
    AtomicBoolean stop = new AtomicBoolean();
    long seed = System.nanoTime();
    System.out.println("swaps: seed " + seed);
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < 2; i++) {
      RandomCalls calls = new RandomCalls(slot.predictor(), seed + i);
      Thread caller =
          new Thread(
              () -> {
                while (!stop.get()) {
                  calls.make(20);
                }
              });
      caller.start();
      callers.add(caller);
    }
    try (InflightMetrics metrics = InflightMetrics.of(slot)) {
      metrics.bindTo(registry);
      Exposition before = scrape();
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(2);
      for (int i = 1; System.nanoTime() < end; i++) {
        if (i % 5 == 0) {
          swap("v" + i);
        }
        Exposition now = scrape();
        Map<String, Double> sums = new HashMap<>();
        before.samples().forEach((series, value) -> sums.merge(series.name(), value, Double::sum));
        for (Map.Entry<Exposition.Series, Double> each : before.samples().entrySet()) {
          String name = each.getKey().name();
          if (name.matches(".*_(total|count|bucket|sum)")) {
            Double after = now.samples().get(each.getKey());
            if (after != null) {
              assertThat(after).as("%s", each.getKey()).isGreaterThanOrEqualTo(each.getValue());
            }
            if (!name.endsWith("_sum")) {
              assertThat(now.sum(name, Map.of())).as(name).isGreaterThanOrEqualTo(sums.get(name));
            }
          }
        }
        before = now;
      }
    } finally {
      stop.set(true);
      for (Thread caller : callers) {
        caller.join(10_000);
      }
    }
  }

  @Test
  void close_twoThatShareARegistry_takesOnlyItsOwn() {
    InflightMetrics first = InflightMetrics.of(slot);
    InflightMetrics budget = InflightMetrics.of(MemoryBudget.of(1000));
    first.bindTo(registry);
    budget.bindTo(registry);
    assertThat(scrape().names()).contains("inflight_memory_limit_bytes", "inflight_watched");
    first.close();
    assertThat(scrape().names())
        .containsExactlyInAnyOrder(
            "inflight_memory_limit_bytes",
            "inflight_memory_used_bytes",
            "inflight_memory_unreleased_bytes");
    budget.close();
    budget.close();
    assertThat(registry.scrape()).isEmpty();
    assertThat(registry.getMeters()).isEmpty();
    first.bindTo(registry);
    assertThat(scrape().names()).contains("inflight_watched", "inflight_predictions_total");
    first.close();
  }

  @Test
  void bindTo_modelIsShownAlready_isRefusedAndChangesNothing() {
    try (ModelSlot<Long, Long> other =
            ModelSlot.of(new NumberModel("other", "1", false, new CountDownLatch(0)), lanes);
        InflightMetrics first = InflightMetrics.of(slot);
        InflightMetrics second = InflightMetrics.of(other, slot)) {
      first.bindTo(registry);
      assertThatThrownBy(() -> second.bindTo(registry))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("inflight.watched")
          .hasMessageContaining("numbers");
      assertThat(registry.getMeters()).hasSize(1);
      assertThat(scrape().sum("inflight_watched", Map.of())).isEqualTo(1);
    }
  }

  @Test
  void bindTo_registryWithFilters_commonTagsAreEverywhereAndADeniedModelIsNowhere() {
    registry.config().commonTags("application", "shop");
    registry.config().meterFilter(MeterFilter.deny(id -> "hidden".equals(id.getTag("model"))));
    try (ModelSlot<Long, Long> hidden =
            ModelSlot.of(new NumberModel("hidden", "1", false, new CountDownLatch(0)), lanes);
        InflightMetrics metrics = InflightMetrics.of(slot, hidden)) {
      metrics.bindTo(registry);
      Exposition shown = scrape();
      assertThat(shown.samples()).isNotEmpty();
      assertThat(shown.samples().keySet())
          .allSatisfy(
              series ->
                  assertThat(series.labels())
                      .containsEntry("application", "shop")
                      .doesNotContainEntry("model", "hidden"));
    }
  }
}
