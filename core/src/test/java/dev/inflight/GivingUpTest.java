package dev.inflight;

import static dev.inflight.EngineFixture.millis;
import static dev.inflight.EngineFixture.now;
import static dev.inflight.EngineFixture.slot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Timeouts and cancelled calls: in the queue, in a run, and after it. */
@Timeout(60)
class GivingUpTest {
  private static final int CALLS = 200;

  private final ManualLanes lanes = new ManualLanes(1);
  private final ScriptedModel model = new ScriptedModel("1");
  private final ModelSlot<String, String> slot = slot(lanes, model);
  private final List<CompletableFuture<Prediction<String>>> futures = new ArrayList<>();

  private void submit(int n, CallOptions options) {
    for (int i = 0; i < n; i++) {
      futures.add(slot.predictor().submit("r" + i, options));
    }
  }

  private void assertAllLate(String state) {
    for (var future : futures) {
      assertThatThrownBy(future::get)
          .hasCauseInstanceOf(DeadlineExceededException.class)
          .hasMessageContaining(state);
    }
    assertThat(slot.line().waiting()).isZero();
  }

  @Test
  void submit_allLanesHang_timesOutOnTime() {
    submit(1, CallOptions.defaults());
    lanes.hangOne();
    futures.clear();
    submit(CALLS, millis(50));
    lanes.advance(Duration.ofMillis(50).minusNanos(1));
    lanes.complete();
    assertThat(futures).noneMatch(CompletableFuture::isDone);
    lanes.advance(Duration.ofNanos(1));
    lanes.complete();
    for (var future : futures) {
      assertThatThrownBy(future::get).hasCauseInstanceOf(DeadlineExceededException.class);
    }
    assertThat(slot.line().waiting()).isEqualTo(1);
  }

  @Test
  void call_allLanesHang_timesOutThoughNobodyAnswers() {
    submit(1, CallOptions.defaults());
    lanes.hangOne();
    AtomicReference<Throwable> thrown = new AtomicReference<>();
    Thread caller =
        new Thread(
            () -> {
              try {
                var unused = slot.predictor().call("a", millis(1));
              } catch (Throwable e) {
                thrown.set(e);
              }
            });
    caller.start();
    while (caller.isAlive()) {
      if (slot.line().waiting() == 2) {
        lanes.pass(1_000_000); // the call has begun
      }
      Thread.onSpinWait();
    }
    assertThat(thrown.get()).isInstanceOf(DeadlineExceededException.class);
    assertThat(slot.line().waiting()).isEqualTo(1);
  }

  @Test
  void serve_expiredInTheQueue_isNotRun() {
    submit(CALLS, millis(5));
    lanes.pass(5_000_000); // the timer is late, the lane looks first
    lanes.settle();
    assertThat(model.runs).isEmpty();
    assertAllLate("queued");
    slot.close();
  }

  @Test
  void serve_someExpired_theOthersFillTheRun() {
    submit(5, millis(5));
    submit(5, CallOptions.defaults());
    lanes.pass(5_000_000);
    lanes.settle();
    assertThat(model.runs).hasSize(1);
    assertThat(model.rowsRun()).isEqualTo(5);
    assertThat(futures.subList(5, 10)).noneMatch(CompletableFuture::isCompletedExceptionally);
    slot.close();
  }

  @Test
  void submit_timesOutInTheRun_endsOnTimeAndCancelsIt() {
    List<Integer> cancels = new ArrayList<>();
    model.runs(
        rows -> {
          lanes.advance(Duration.ofMillis(10));
          lanes.complete();
          cancels.add(model.cancels.get());
          assertAllLate("running");
        });
    submit(4, millis(10));
    lanes.settle();
    assertThat(cancels).containsExactly(1);
    assertThat(model.cancels).hasValue(1);
    slot.close();
  }

  @Test
  void cancel_everyRowOfTheRun_cancelsTheRunnerOnce() {
    List<Integer> cancels = new ArrayList<>();
    model.runs(
        rows -> {
          for (var future : futures) {
            cancels.add(model.cancels.get());
            assertThat(future.cancel(true)).isTrue();
          }
          cancels.add(model.cancels.get());
        });
    submit(4, CallOptions.defaults());
    lanes.settle();
    assertThat(cancels).containsExactly(0, 0, 0, 0, 1);
    assertThat(model.cancels).hasValue(1);
    slot.close();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3})
  void cancel_allButOneRowOfTheRun_theRunGoesOn(int alive) {
    model.runs(
        rows -> {
          for (int i = 0; i < 4; i++) {
            if (i != alive) {
              futures.get(i).cancel(true);
            }
          }
        });
    submit(4, CallOptions.defaults());
    lanes.settle();
    assertThat(model.cancels).hasValue(0);
    assertThat(now(futures.get(alive))).isEqualTo("1:r" + alive);
    slot.close();
  }

  @Test
  void cancel_afterTheRun_doesNotReachTheRunner() {
    submit(2, CallOptions.defaults());
    lanes.serve(); // the futures are not completed yet
    futures.forEach(future -> future.cancel(true));
    lanes.complete();
    assertThat(model.cancels).hasValue(0);
    assertThat(futures).allMatch(CompletableFuture::isCancelled);
    slot.close();
  }

  @Test
  void cancel_deadBatchFails_isNotBisected() {
    model.runs(
        rows -> {
          futures.forEach(future -> future.cancel(true));
          throw new IllegalStateException("terminated");
        });
    submit(16, CallOptions.defaults());
    lanes.settle();
    assertThat(model.runs).hasSize(1);
    assertThat(model.cancels).hasValue(1);
    slot.close();
  }

  @Test
  void cancel_queued_leavesTheOthersAsTheyWere() {
    submit(10, CallOptions.defaults());
    for (int i : new int[] {0, 4, 5, 9}) {
      futures.get(i).cancel(true);
    }
    assertThat(slot.line().waiting()).isEqualTo(6);
    lanes.settle();
    assertThat(model.runs).containsExactly(List.of("r1", "r2", "r3", "r6", "r7", "r8"));
    slot.close();
  }
}
