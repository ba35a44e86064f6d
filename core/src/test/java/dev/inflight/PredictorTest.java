package dev.inflight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who runs a row, who waits, and how waiting ends. */
@Timeout(60)
class PredictorTest {
  private static final CallOptions SHORT = CallOptions.timeout(Duration.ofMillis(50));

  private static <I, O> ModelSlot<I, O> small(
      Model<I, O> model, Lanes lanes, int maxRows, long maxBytes) {
    return ModelSlot.of(model, lanes, Batching.auto().withQueue(maxRows, maxBytes));
  }

  private static int queued(ModelSlot<?, ?> slot) {
    return slot.line().waiting();
  }

  private static Thread start(Runnable task) {
    Thread thread = new Thread(task, "test-caller");
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private static void awaitQueued(ModelSlot<?, ?> slot, int rows) {
    while (queued(slot) != rows) {
      Thread.onSpinWait();
    }
  }

  @Test
  void predict_freeLane_runsOnTheCaller() {
    FakeModel model = new FakeModel("1");
    try (Lanes lanes = Lanes.of(1);
        var slot = ModelSlot.of(model, lanes)) {
      assertThat(slot.predictor().predict("a")).isEqualTo("1:a");
      assertThat(model.ranOn).containsExactly(Thread.currentThread().getName());
    }
  }

  @Test
  void call_freeLane_saysWhichVersionAnswered() {
    try (Lanes lanes = Lanes.of(1);
        var slot = ModelSlot.of(new FakeModel("7"), lanes)) {
      Prediction<String> first = slot.predictor().call("a", CallOptions.defaults());
      Prediction<String> second = slot.predictor().call("a", SHORT.withTimeout(Duration.ofDays(1)));
      assertThat(first.model().version()).isEqualTo("7");
      assertThat(second.model().version()).isEqualTo("7");
      assertThat(second.id()).isNotEqualTo(first.id());
    }
  }

  @Test
  void predict_laneBusy_waitsAndRunsOnTheLaneThread() throws Exception {
    Gate gate = new Gate();
    FakeModel model = gate.model("1");
    try (Lanes lanes = Lanes.of(1);
        var slot = ModelSlot.of(model, lanes)) {
      Thread holder = start(() -> slot.predictor().predict("hold"));
      gate.awaitEntered();
      CompletableFuture<String> waiting =
          CompletableFuture.supplyAsync(() -> slot.predictor().predict("b"), task -> start(task));
      awaitQueued(slot, 1);
      assertThat(waiting).isNotDone();
      gate.open();
      assertThat(waiting.get(10, TimeUnit.SECONDS)).isEqualTo("1:b");
      holder.join();
      assertThat(model.ranOn).containsExactly("test-caller", "inflight-lane-0");
    }
  }

  @Test
  void predict_backendHangs_timesOutInTime() throws Exception {
    try (Gate gate = new Gate();
        Lanes lanes = Lanes.of(1)) {
      var slot = ModelSlot.of(gate.model("1"), lanes);
      long begin = System.nanoTime();
      assertThatThrownBy(() -> slot.predictor().predict("hold", SHORT))
          .isInstanceOf(DeadlineExceededException.class)
          .hasMessageContaining("within 50 ms")
          .hasMessageContaining("running");
      assertThatThrownBy(() -> slot.predictor().predict("b", SHORT))
          .isInstanceOf(DeadlineExceededException.class)
          .hasMessageContaining("queued");
      assertThat(Duration.ofNanos(System.nanoTime() - begin))
          .isBetween(Duration.ofMillis(100), Duration.ofSeconds(2));
      assertThat(queued(slot)).isZero();
      gate.open();
      slot.close();
    }
  }

  @Test
  void submit_backendHangs_timesOutInTime() throws Exception {
    try (Gate gate = new Gate();
        Lanes lanes = Lanes.of(1)) {
      var slot = ModelSlot.of(gate.model("1"), lanes);
      var running = slot.predictor().submit("hold", CallOptions.timeout(Duration.ofMillis(1500)));
      gate.awaitEntered();
      var queued = slot.predictor().submit("b", SHORT);
      for (var future : List.of(running, queued)) {
        assertThatThrownBy(() -> future.get(5, TimeUnit.SECONDS))
            .isInstanceOf(ExecutionException.class)
            .hasCauseInstanceOf(DeadlineExceededException.class);
      }
      assertThat(queued(slot)).isZero();
      gate.open();
      slot.close();
    }
  }

  @Test
  void predict_queueFullOfRows_isRejectedAtOnce() throws Exception {
    try (Gate gate = new Gate();
        Lanes lanes = Lanes.of(1)) {
      var slot = small(gate.model("1"), lanes, 2, 1000);
      var predictor = slot.predictor();
      var held = predictor.submit("hold");
      gate.awaitEntered();
      var first = predictor.submit("a");
      var second = predictor.submit("b");
      assertThatThrownBy(() -> predictor.predict("c"))
          .isInstanceOfSatisfying(
              OverloadedException.class,
              e -> {
                assertThat(e.depth()).isEqualTo(2);
                assertThat(e.capacity()).isEqualTo(2);
                assertThat(e.retryable()).isTrue();
              });
      assertThatThrownBy(() -> predictor.submit("c", SHORT))
          .isInstanceOf(OverloadedException.class);
      gate.open();
      CompletableFuture.allOf(held, first, second).get(10, TimeUnit.SECONDS);
      slot.close();
      assertThat(queued(slot)).isZero();
    }
  }

  @Test
  void predict_queueFullOfBytes_isRejectedAtOnce() throws Exception {
    try (Gate gate = new Gate();
        Lanes lanes = Lanes.of(1)) {
      var slot = small(gate.model("1"), lanes, 100, 10);
      var held = slot.predictor().submit("hold");
      gate.awaitEntered();
      var first = slot.predictor().submit("12345678");
      assertThatThrownBy(() -> slot.predictor().predict("123"))
          .isInstanceOf(OverloadedException.class)
          .hasMessageContaining("8 bytes waiting (capacity 10)");
      gate.open();
      CompletableFuture.allOf(held, first).get(10, TimeUnit.SECONDS);
      slot.close();
    }
  }

  @Test
  void predictAll_queueFull_waitsInstead() throws Exception {
    try (Gate gate = new Gate();
        Lanes lanes = Lanes.of(1)) {
      var slot = small(gate.model("1"), lanes, 1, 1000);
      var held = slot.predictor().submit("hold");
      gate.awaitEntered();
      var first = slot.predictor().submit("a");
      var all =
          CompletableFuture.supplyAsync(
              () -> slot.predictor().predictAll(List.of("x", "y")), task -> start(task));
      awaitQueued(slot, 3);
      gate.open();
      assertThat(all.get(10, TimeUnit.SECONDS)).containsExactly("1:x", "1:y");
      CompletableFuture.allOf(held, first).get(10, TimeUnit.SECONDS);
      slot.close();
    }
  }

  @Test
  void predict_interrupted_isCancelledWithTheFlagSet() throws Exception {
    try (Gate gate = new Gate();
        Lanes lanes = Lanes.of(1)) {
      var slot = ModelSlot.of(gate.model("1"), lanes);
      var held = slot.predictor().submit("hold");
      gate.awaitEntered();
      AtomicReference<Throwable> thrown = new AtomicReference<>();
      AtomicReference<Boolean> flag = new AtomicReference<>();
      Thread caller =
          start(
              () -> {
                try {
                  slot.predictor().predict("a");
                } catch (Throwable e) {
                  thrown.set(e);
                }
                flag.set(Thread.currentThread().isInterrupted());
              });
      awaitQueued(slot, 1);
      caller.interrupt();
      caller.join(10_000);
      assertThat(thrown.get()).isInstanceOf(CancellationException.class);
      assertThat(flag.get()).isTrue();
      assertThat(queued(slot)).isZero();
      gate.open();
      held.get(10, TimeUnit.SECONDS);
      slot.close();
    }
  }

  @Test
  void submit_cancelled_leavesTheQueue() throws Exception {
    try (Gate gate = new Gate();
        Lanes lanes = Lanes.of(1)) {
      FakeModel model = gate.model("1");
      var slot = ModelSlot.of(model, lanes);
      var held = slot.predictor().submit("hold");
      gate.awaitEntered();
      var waiting = slot.predictor().submit("a");
      assertThat(queued(slot)).isEqualTo(1);
      assertThat(waiting.cancel(true)).isTrue();
      assertThat(queued(slot)).isZero();
      gate.open();
      held.get(10, TimeUnit.SECONDS);
      slot.close();
      assertThat(model.ranOn).hasSize(1);
    }
  }

  @Test
  void submit_continuation_neverHoldsALane() throws Exception {
    try (Lanes lanes = Lanes.of(1);
        var slot = ModelSlot.of(new FakeModel("1"), lanes)) {
      Lane lane = lanes.use(only -> only);
      for (int i = 0; i < 200; i++) {
        CompletableFuture<Boolean> held = new CompletableFuture<>();
        var unused =
            slot.predictor()
                .submit("a")
                .thenAccept(prediction -> held.complete(lane.isOwnedByCurrentThread()));
        assertThat(held.get(10, TimeUnit.SECONDS)).isFalse();
      }
    }
  }
}
