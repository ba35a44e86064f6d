package dev.inflight;

import static dev.inflight.EngineFixture.millis;
import static dev.inflight.EngineFixture.now;
import static dev.inflight.EngineFixture.slot;
import static dev.inflight.EngineFixture.teach;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who is let into the queue: bounds, and deadlines that cannot be met. */
@Timeout(60)
class AdmissionTest {
  private static final long MILLI = 1_000_000;

  private final ManualLanes lanes = new ManualLanes(1);
  private final ScriptedModel model = new ScriptedModel("1");

  private ModelSlot<String, String> bounded(int rows, long bytes) {
    return slot(lanes, model, Batching.auto().withQueue(rows, bytes));
  }

  private void closeAll(ModelSlot<?, ?> slot) {
    lanes.settle();
    assertThat(slot.line().waiting()).isZero();
    slot.close();
  }

  @Test
  void submit_queueFullOfRows_takesExactlyTheBound() {
    var slot = bounded(5, 1000);
    for (int i = 0; i < 5; i++) {
      var unused = slot.predictor().submit("a");
    }
    for (int i = 0; i < 3; i++) {
      assertThatThrownBy(() -> slot.predictor().submit("a"))
          .isInstanceOf(OverloadedException.class)
          .hasMessageContaining("5 rows waiting (capacity 5)");
    }
    assertThat(slot.line().waiting()).isEqualTo(5);
    lanes.settle();
    assertThat(now(submitAndRun(slot, "b"))).isEqualTo("1:b");
    closeAll(slot);
  }

  private CompletableFuture<Prediction<String>> submitAndRun(
      ModelSlot<String, String> slot, String row) {
    var future = slot.predictor().submit(row);
    lanes.settle();
    return future;
  }

  @Test
  void submit_rowsCountForSeveral_theModelsCountIsBounded() {
    model.counts(String::length);
    var slot = bounded(5, 1000);
    var unused = slot.predictor().submit("aaa");
    assertThatThrownBy(() -> slot.predictor().submit("bbb"))
        .isInstanceOf(OverloadedException.class)
        .hasMessageContaining("3 rows waiting (capacity 5)");
    var unused2 = slot.predictor().submit("cc");
    assertThat(slot.line().waiting()).isEqualTo(5);
    closeAll(slot);
  }

  @Test
  void submit_queueFullOfBytes_takesExactlyTheBound() {
    var slot = bounded(100, 10);
    var unused = slot.predictor().submit("12345678");
    assertThatThrownBy(() -> slot.predictor().submit("123"))
        .isInstanceOf(OverloadedException.class)
        .hasMessageContaining("8 bytes waiting (capacity 10)");
    var unused2 = slot.predictor().submit("12");
    assertThatThrownBy(() -> slot.predictor().submit("1")).isInstanceOf(OverloadedException.class);
    closeAll(slot);
  }

  @Test
  void submit_largerThanBothBounds_isAcceptedAlone() {
    model.counts(String::length);
    var slot = bounded(4, 4);
    var large = slot.predictor().submit("12345678");
    assertThatThrownBy(() -> slot.predictor().submit("1")).isInstanceOf(OverloadedException.class);
    lanes.settle();
    assertThat(now(large)).isEqualTo("1:12345678");
    closeAll(slot);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void submit_eightThreads_neverExceedTheBound(boolean ofBytes) throws Exception {
    var slot = ofBytes ? bounded(1_000_000, 64) : bounded(16, 1_000_000);
    AtomicInteger accepted = new AtomicInteger();
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      Thread caller =
          new Thread(
              () -> {
                for (int k = 0; k < 20_000; k++) {
                  try {
                    var future = slot.predictor().submit("1234");
                    if (accepted.incrementAndGet() > 16) {
                      accepted.addAndGet(1_000_000); // seen by the assertion below
                    }
                    accepted.decrementAndGet();
                    future.cancel(false);
                  } catch (OverloadedException e) {
                    // that is the point
                  }
                }
              });
      caller.start();
      callers.add(caller);
    }
    for (Thread caller : callers) {
      caller.join();
    }
    assertThat(accepted).hasValue(0);
    assertThat(slot.line().waiting()).isZero();
    for (int i = 0; i < 16; i++) {
      var unused = slot.predictor().submit("1234"); // all places are free again
    }
    assertThatThrownBy(() -> slot.predictor().submit("1234"))
        .isInstanceOf(OverloadedException.class);
    closeAll(slot);
  }

  @Test
  void submit_costUnknown_isNeverRefusedForItsTimeout() {
    var slot = slot(lanes, model);
    for (int i = 0; i < 500; i++) {
      var unused = slot.predictor().submit("a", CallOptions.timeout(Duration.ofNanos(1)));
    }
    assertThat(slot.line().waiting()).isEqualTo(500);
    lanes.advance(Duration.ofMillis(1));
    closeAll(slot);
    assertThat(model.runs).isEmpty();
  }

  @Test
  void submit_timeoutCannotBeMet_isRefusedAtOnceWithTheNumbers() {
    var slot = slot(lanes, model, Batching.auto().withMaxBatch(16));
    teach(slot, 4 * MILLI, MILLI); // 16 rows in 20 ms
    for (int i = 0; i < 32; i++) {
      var unused = slot.predictor().submit("a");
    }
    assertThatThrownBy(() -> slot.predictor().submit("b", millis(30)))
        .isInstanceOfSatisfying(
            OverloadedException.class,
            e -> {
              assertThat(e.depth()).isEqualTo(32);
              assertThat(e)
                  .hasMessageContaining("within 30.000 ms, but 32 rows wait")
                  .hasMessageContaining("t(b) = 4000.0 us + b * 1000.00 us");
            });
    assertThat(slot.line().waiting()).isEqualTo(32);
    var inTime = slot.predictor().submit("b", millis(60));
    lanes.settle();
    assertThat(now(inTime)).isEqualTo("1:b");
    closeAll(slot);
  }

  @Test
  void submit_lowPriorityWaits_doesNotCountAgainstNormal() {
    var slot = slot(lanes, model, Batching.auto().withMaxBatch(16));
    teach(slot, 4 * MILLI, MILLI);
    for (int i = 0; i < 32; i++) {
      var unused = slot.predictor().submit("a", EngineFixture.low());
    }
    var normal = slot.predictor().submit("b", millis(10));
    assertThatThrownBy(() -> slot.predictor().submit("c", millis(10).withPriority(Priority.LOW)))
        .isInstanceOf(OverloadedException.class);
    lanes.settle();
    assertThat(now(normal)).isEqualTo("1:b");
    closeAll(slot);
  }

  /** Else a model that was slow once is refused for ever: nothing runs that could show better. */
  @Test
  void submit_modelWasSlowOnce_isLearntAnewThoughEveryCallHasATimeout() {
    model.takes(lanes, 1000, 1000);
    var slot = slot(lanes, model);
    teach(slot, 400 * MILLI, 100 * MILLI);
    int answered = 0;
    for (int i = 0; i < 100; i++) {
      try {
        var future = slot.predictor().submit("a", millis(50));
        lanes.settle();
        answered += future.isCompletedExceptionally() ? 0 : 1;
      } catch (OverloadedException e) {
        lanes.advance(Duration.ofMillis(100));
      }
    }
    assertThat(answered).isPositive();
    closeAll(slot);
  }

  @Test
  void submit_timeoutForEver_isOne() {
    var slot = slot(lanes, model);
    for (Duration forEver :
        List.of(ChronoUnit.FOREVER.getDuration(), Duration.ofNanos(Long.MAX_VALUE))) {
      var future = slot.predictor().submit("a", CallOptions.timeout(forEver));
      lanes.settle();
      assertThat(now(future)).isEqualTo("1:a");
    }
    closeAll(slot);
  }

  @Test
  void maxDelay_forEver_isRefusedWhereItIsGiven() {
    assertThatThrownBy(() -> Batching.auto().withMaxDelay(ChronoUnit.FOREVER.getDuration()))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
