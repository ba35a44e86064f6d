package dev.inflight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What happens to models that come and go. */
@Timeout(60)
class ModelSlotTest {
  private static void assertUnavailable(
      ThrowingCallable call, ModelUnavailableException.Reason reason) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            ModelUnavailableException.class, e -> assertThat(e.reason()).isEqualTo(reason));
  }

  private static void assertAllUnavailable(
      Predictor<String, String> predictor, ModelUnavailableException.Reason reason) {
    assertUnavailable(() -> predictor.predict("a"), reason);
    assertUnavailable(() -> predictor.call("a", CallOptions.defaults()), reason);
    assertUnavailable(() -> predictor.submit("a"), reason);
    assertUnavailable(() -> predictor.predictAll(List.of("a")), reason);
  }

  @Test
  void predict_emptySlot_isNotReady() {
    try (Lanes lanes = Lanes.of(1);
        ModelSlot<String, String> slot = ModelSlot.empty("iris", lanes)) {
      assertAllUnavailable(slot.predictor(), ModelUnavailableException.Reason.NOT_READY);
      assertUnavailable(slot::info, ModelUnavailableException.Reason.NOT_READY);
      assertUnavailable(slot::take, ModelUnavailableException.Reason.NOT_READY);
      FakeModel unused = new FakeModel("1");
      assertUnavailable(() -> slot.replace(unused), ModelUnavailableException.Reason.NOT_READY);
      assertThat(slot.swap(new FakeModel("2"))).isDone();
      assertThat(slot.predictor().predict("a")).isEqualTo("2:a");
    }
  }

  @Test
  void close_replacedVersionStillRuns_waitsForItToo() throws Exception {
    try (Gate gate = new Gate();
        Lanes lanes = Lanes.of(2)) {
      FakeModel first = gate.model("1");
      ModelSlot<String, String> slot = ModelSlot.of(first, lanes);
      CompletableFuture<String> running =
          CompletableFuture.supplyAsync(() -> slot.predictor().predict("hold"));
      gate.awaitEntered();
      var unused =
          slot.swap(
              new ForwardingModel<>(new FakeModel("2")) {
                @Override
                public void close() {
                  super.close();
                  gate.open(); // so the first one ends last
                }
              });
      slot.close();
      assertThat(first.closes).hasValue(1);
      assertThat(running.get(10, TimeUnit.SECONDS)).isEqualTo("1:hold");
    }
  }

  @Test
  void predict_closedSlot_isClosed() {
    try (Lanes lanes = Lanes.of(1)) {
      FakeModel model = new FakeModel("1");
      ModelSlot<String, String> slot = ModelSlot.of(model, lanes);
      assertThat(slot.predictor().predict("a")).isEqualTo("1:a");
      slot.close();
      assertThat(model.closes).hasValue(1);
      assertThat(model.runnersOpen).hasValue(0);
      assertAllUnavailable(slot.predictor(), ModelUnavailableException.Reason.CLOSED);
      FakeModel late = new FakeModel("2");
      assertUnavailable(() -> slot.swap(late), ModelUnavailableException.Reason.CLOSED);
      assertThat(late.isClosed()).isFalse();
      slot.close();
      assertThat(model.closes).hasValue(1);
    }
  }

  @Test
  void close_runningAndQueuedCalls_waitsForBoth() throws Exception {
    try (Gate gate = new Gate();
        Lanes lanes = Lanes.of(1)) {
      FakeModel model = gate.model("1");
      ModelSlot<String, String> slot = ModelSlot.of(model, lanes);
      var running = slot.predictor().submit("hold");
      gate.awaitEntered();
      var queued = slot.predictor().submit("a");
      Thread closer = new Thread(slot::close, "test-closer");
      closer.start();
      while (closer.getState() == Thread.State.NEW || closer.getState() == Thread.State.RUNNABLE) {
        Thread.onSpinWait();
      }
      assertThat(model.isClosed()).isFalse();
      gate.open();
      closer.join(10_000);
      assertThat(model.closes).hasValue(1);
      assertThat(running.get(10, TimeUnit.SECONDS).value()).isEqualTo("1:hold");
      assertThat(queued.get(10, TimeUnit.SECONDS).value()).isEqualTo("1:a");
    }
  }

  @Test
  void swap_runInProgress_closesTheOldVersionAfterIt() throws Exception {
    try (Gate gate = new Gate();
        Lanes lanes = Lanes.of(2)) {
      FakeModel old = gate.model("1");
      ModelSlot<String, String> slot = ModelSlot.of(old, lanes);
      var running = slot.predictor().submit("hold");
      gate.awaitEntered();
      CompletableFuture<ModelInfo> retired = slot.swap(new FakeModel("2"));
      assertThat(slot.predictor().predict("a")).isEqualTo("2:a");
      assertThat(retired).isNotDone();
      assertThat(old.isClosed()).isFalse();
      gate.open();
      assertThat(running.get(10, TimeUnit.SECONDS).value()).isEqualTo("1:hold");
      assertThat(retired.get(10, TimeUnit.SECONDS).version()).isEqualTo("1");
      assertThat(old.closes).hasValue(1);
      slot.close();
    }
  }

  @Test
  void swap_closeOfTheOldVersionFails_saysSo() {
    Model<String, String> bad =
        new ForwardingModel<String, String>(new FakeModel("1")) {
          @Override
          public void close() {
            throw new IllegalStateException("stuck");
          }
        };
    try (Lanes lanes = Lanes.of(1);
        ModelSlot<String, String> slot = ModelSlot.of(bad, lanes)) {
      assertThatThrownBy(() -> slot.swap(new FakeModel("2")).get(10, TimeUnit.SECONDS))
          .isInstanceOf(ExecutionException.class)
          .hasRootCauseMessage("stuck");
      assertThat(slot.predictor().predict("a")).isEqualTo("2:a");
    }
  }

  @Test
  void take_usedModel_givesItBackUnclosed() throws Exception {
    FakeModel model = new FakeModel("1");
    try (Lanes lanes = Lanes.of(1);
        ModelSlot<String, String> slot = ModelSlot.of(model, lanes)) {
      assertThat(slot.predictor().predict("a")).isEqualTo("1:a");
      assertThat(slot.take().get(10, TimeUnit.SECONDS)).isSameAs(model);
      assertThat(model.isClosed()).isFalse();
      assertThat(model.runnersOpen).hasValue(0);
      assertUnavailable(
          () -> slot.predictor().predict("a"), ModelUnavailableException.Reason.NOT_READY);
    }
    assertThat(model.isClosed()).isFalse();
  }

  @Test
  void replace_usedModel_givesItBackForLater() throws Exception {
    FakeModel first = new FakeModel("1");
    FakeModel second = new FakeModel("2");
    try (Lanes lanes = Lanes.of(1);
        ModelSlot<String, String> slot = ModelSlot.of(first, lanes)) {
      assertThat(slot.predictor().predict("a")).isEqualTo("1:a");
      Model<String, String> old = slot.replace(second).get(10, TimeUnit.SECONDS);
      assertThat(old).isSameAs(first);
      assertThat(slot.predictor().predict("a")).isEqualTo("2:a");
      assertThat(slot.replace(old).get(10, TimeUnit.SECONDS)).isSameAs(second);
      assertThat(slot.predictor().predict("a")).isEqualTo("1:a");
      assertThat(first.isClosed()).isFalse();
    }
    assertThat(first.closes).hasValue(1);
    assertThat(second.isClosed()).isFalse();
  }

  @Test
  void predictAll_swapHalfWay_usesOneVersion() throws Exception {
    try (Gate gate = new Gate();
        Lanes lanes = Lanes.of(2)) {
      ModelSlot<String, String> slot = ModelSlot.of(gate.model("1"), lanes);
      var all =
          CompletableFuture.supplyAsync(
              () -> slot.predictor().predictAll(List.of("a", "hold", "b")));
      gate.awaitEntered();
      var retired = slot.swap(new FakeModel("2"));
      gate.open();
      assertThat(all.get(10, TimeUnit.SECONDS)).containsExactly("1:a", "1:hold", "1:b");
      assertThat(retired.get(10, TimeUnit.SECONDS).version()).isEqualTo("1");
      assertThat(slot.predictor().predictAll(List.of())).isEmpty();
      slot.close();
    }
  }

  @Test
  void listen_calls_seesAnswersAndFailures() throws Exception {
    List<String> events = new ArrayList<>();
    CompletableFuture<Void> both = new CompletableFuture<>();
    InferenceListener listener =
        new InferenceListener() {
          @Override
          public void onRun(InferenceRun run) {
            events.add("v" + run.model().version() + " " + run.rows());
          }

          @Override
          public void onEnded(ModelInfo model, CallEnd end, int predictions) {
            events.add(end.name());
            both.complete(null);
          }
        };
    FakeModel model =
        new FakeModel(
            "1",
            rows -> {
              if (rows.contains("fail")) {
                throw new IllegalStateException("no");
              }
              return FakeModel.echo("1", rows);
            });
    try (Lanes lanes = Lanes.of(1);
        var slot = ModelSlot.of(model, lanes)) {
      slot.listen(listener);
      assertThat(slot.predictor().predictAll(List.of("a", "b", "c"))).hasSize(3);
      assertThatThrownBy(() -> slot.predictor().predict("fail"))
          .isInstanceOf(PredictionFailedException.class);
      both.get(10, TimeUnit.SECONDS);
      assertThat(events).containsExactly("v1 3", "FAILED");
    }
  }
}
