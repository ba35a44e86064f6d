package dev.inflight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What is counted of which call. That the sums are right is {@link LedgerTest}'s. */
@Timeout(60)
class InferenceStatsTest {
  private static FakeModel refusing(String version) {
    return new FakeModel(
        version,
        rows -> {
          if (rows.contains("fail")) {
            throw new IllegalStateException("no");
          }
          return FakeModel.echo(version, rows);
        });
  }

  private static VersionStats only(ModelSlot<?, ?> slot) {
    assertThat(slot.stats().versions()).hasSize(1);
    return slot.stats().versions().get(0);
  }

  @Test
  void stats_callsOnTheirCallersThread_haveOneLatencyEach() {
    try (Lanes lanes = Lanes.of(1)) {
      ModelSlot<String, String> slot = ModelSlot.of(refusing("1"), lanes);
      for (int i = 0; i < 10; i++) {
        assertThat(slot.predictor().predict("a")).isEqualTo("1:a");
      }
      assertThatThrownBy(() -> slot.predictor().predict("fail"))
          .isInstanceOf(PredictionFailedException.class);
      VersionStats stats = only(slot);
      assertThat(stats.version()).isEqualTo("1");
      assertThat(stats.current()).isTrue();
      assertThat(stats.ends()).isEqualTo(new Ends(10, 1, 0, 0, 0, 0, 0));
      assertThat(stats.latency().count()).isEqualTo(10);
      assertThat(stats.run().count()).isEqualTo(10);
      assertThat(stats.queued().count()).isZero();
      assertThat(stats.rows().buckets()).containsExactly(new Histogram.Bucket(1, 2, 10));
      assertThat(stats.runs(Release.CALLER)).isEqualTo(10);
      assertThat(slot.stats().total().ends()).isEqualTo(stats.ends());
      assertThat(slot.stats().total().ends().errorRatio()).isEqualTo(1 / 11.0);
      slot.close();
    }
  }

  @Test
  void stats_callsThatShareARun_haveOneRunAndTheirWaits() throws Exception {
    try (Gate gate = new Gate();
        Lanes lanes = Lanes.of(1)) {
      ModelSlot<String, String> slot = ModelSlot.of(gate.model("1"), lanes);
      var first = slot.predictor().submit("hold");
      gate.awaitEntered();
      CompletableFuture<?>[] more = new CompletableFuture<?>[4];
      for (int i = 0; i < more.length; i++) {
        more[i] = slot.predictor().submit("b" + i);
      }
      assertThat(slot.stats().waiting()).isEqualTo(4);
      gate.open();
      assertThat(first.get(10, TimeUnit.SECONDS).value()).isEqualTo("1:hold");
      CompletableFuture.allOf(more).get(10, TimeUnit.SECONDS);
      VersionStats stats = only(slot);
      assertThat(stats.ends()).isEqualTo(Ends.completed(5));
      assertThat(stats.latency().count()).isEqualTo(5);
      assertThat(stats.queued().count()).isEqualTo(5);
      assertThat(stats.rows().sum()).isEqualTo(5);
      assertThat(stats.run().count()).isEqualTo(stats.rows().count()).isLessThanOrEqualTo(3);
      assertThat(stats.runs(Release.LANE) + stats.runs(Release.FULL))
          .isEqualTo(stats.run().count());
      assertThat(stats.queued().quantile(1)).isLessThanOrEqualTo(stats.latency().quantile(1));
      slot.close();
    }
  }

  @Test
  void stats_nothingServes_countsForNoVersion() {
    try (Lanes lanes = Lanes.of(1)) {
      ModelSlot<String, String> slot = ModelSlot.empty("m", lanes);
      assertThatThrownBy(() -> slot.predictor().predict("a"))
          .isInstanceOf(ModelUnavailableException.class);
      assertThatThrownBy(() -> slot.predictor().submit("a"))
          .isInstanceOf(ModelUnavailableException.class);
      assertThatThrownBy(
              () -> slot.predictor().predict("a", CallOptions.defaults().withVersion("7")))
          .isInstanceOf(ModelUnavailableException.class);
      assertThat(slot.stats().total().ends().unavailable()).isEqualTo(3);
      assertThat(slot.stats().versions()).isEmpty();
      slot.close();
    }
  }

  @Test
  void stats_checksOfAVersionThatDoesNotServe_areNotCalls() {
    try (Lanes lanes = Lanes.of(1)) {
      ModelSlot<String, String> slot = ModelSlot.of(refusing("1"), lanes);
      Resident<String, String> next = slot.admit(refusing("2"));
      assertThat(next.warmUp(List.of("a"), Duration.ofSeconds(10))).isPositive();
      assertThat(next.trial().predict("a")).isEqualTo("2:a");
      assertThat(next.trial().call("a", CallOptions.timeout(Duration.ofSeconds(10))).value())
          .isEqualTo("2:a");
      assertThat(slot.stats().total().ends()).isEqualTo(Ends.NONE);
      assertThat(next.predictor().predict("a")).isEqualTo("2:a");
      assertThat(slot.stats().version("2").orElseThrow().ends()).isEqualTo(Ends.completed(1));
      assertThat(slot.stats().version("2").orElseThrow().current()).isFalse();
      slot.close();
    }
  }

  @Test
  void since_versionThatWentMeanwhile_isStillInTheTotal() throws Exception {
    try (Lanes lanes = Lanes.of(1)) {
      ModelSlot<String, String> slot = ModelSlot.of(refusing("1"), lanes);
      slot.predictor().predict("a");
      InferenceStats before = slot.stats();
      slot.predictor().predict("b");
      slot.swap(refusing("2")).get(10, TimeUnit.SECONDS);
      slot.predictor().predict("c");
      InferenceStats window = slot.stats().since(before);
      assertThat(window.total().ends()).isEqualTo(Ends.completed(2));
      assertThat(window.gone().ends()).isEqualTo(Ends.completed(1));
      assertThat(window.version("2").orElseThrow().ends()).isEqualTo(Ends.completed(1));
      assertThat(window.over()).isPositive();
      assertThat(window.toString())
          .contains("fake: 2 predictions in ")
          .containsPattern("\\*2 +1 +0 +0")
          .containsPattern("\\(gone\\) +1 +0")
          .containsPattern(" all +2 ");
      slot.close();
    }
  }

  @Test
  void stats_tenThousandVersions_leaveNothingBehind() throws Exception {
    try (Lanes lanes = Lanes.of(1)) {
      ModelSlot<String, String> slot = ModelSlot.of(refusing("0"), lanes);
      for (int i = 1; i <= 10_000; i++) {
        slot.predictor().predict("a");
        slot.swap(refusing(Integer.toString(i))).get(10, TimeUnit.SECONDS);
      }
      assertThat(slot.stats().versions()).hasSize(1);
      assertThat(slot.stats().total().ends()).isEqualTo(Ends.completed(10_000));
      assertThat(slot.stats().total().latency().count()).isEqualTo(10_000);
      slot.close();
    }
  }

  @Test
  void gone_whileCallsAreRefusedAndVersionsGo_neverShrinksAndIsExactAtTheEnd() throws Exception {
    try (Lanes lanes = Lanes.of(1)) {
      ModelSlot<String, String> slot = ModelSlot.of(refusing("0"), lanes);
      AtomicBoolean stop = new AtomicBoolean();
      LongAdder refused = new LongAdder();
      List<Thread> callers = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        Thread caller =
            new Thread(
                () -> {
                  while (!stop.get()) {
                    try {
                      slot.predictor().predict("bad");
                    } catch (InvalidInputException e) {
                      refused.increment();
                    }
                  }
                });
        caller.start();
        callers.add(caller);
      }
      long before = 0;
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
      for (int i = 1; System.nanoTime() < end; i++) {
        if (i % 50 == 0) {
          slot.swap(refusing(Integer.toString(i))).get(10, TimeUnit.SECONDS);
        }
        long now = slot.stats().gone().ends().invalid();
        assertThat(now).isGreaterThanOrEqualTo(before);
        before = now;
      }
      stop.set(true);
      for (Thread caller : callers) {
        caller.join(10_000);
      }
      assertThat(slot.stats().total().ends().invalid()).isEqualTo(refused.sum());
      slot.close();
    }
  }
}
