package dev.inflight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Versions beside the current one. */
@Timeout(60)
class ResidentTest {
  private final Lanes lanes = Lanes.of(2);
  private final FakeModel first = new FakeModel("1");
  private final FakeModel second = new FakeModel("2");
  private final ModelSlot<String, String> slot = ModelSlot.empty("iris", lanes);

  @AfterEach
  void end() {
    slot.close();
    lanes.close();
  }

  private static ModelUnavailableException.Reason reason(Throwable failure) {
    return ((ModelUnavailableException) failure).reason();
  }

  @Test
  void admit_beforeAnythingServes_answersItsOwnCallsOnly() throws Exception {
    Resident<String, String> one = slot.admit(first);
    assertThatThrownBy(() -> slot.predictor().predict("a"))
        .satisfies(
            e -> assertThat(reason(e)).isEqualTo(ModelUnavailableException.Reason.NOT_READY));
    Predictor<String, String> predictor = one.predictor();
    assertThat(predictor.predict("a")).isEqualTo("1:a");
    assertThat(predictor.call("a", CallOptions.timeout(Duration.ofSeconds(10))).value())
        .isEqualTo("1:a");
    assertThat(predictor.submit("a").get(10, TimeUnit.SECONDS).value()).isEqualTo("1:a");
    assertThat(predictor.predictAll(List.of("a", "b"))).containsExactly("1:a", "1:b");
  }

  @Test
  void serve_anotherResident_isOneWriteAndBackAgain() {
    Resident<String, String> one = slot.admit(first);
    Resident<String, String> two = slot.admit(second);
    for (int i = 0; i < 100; i++) {
      slot.serve(one);
      assertThat(slot.predictor().predict("a")).isEqualTo("1:a");
      assertThat(two.predictor().predict("a")).isEqualTo("2:a");
      slot.serve(two);
      assertThat(slot.predictor().predict("a")).isEqualTo("2:a");
      assertThat(one.predictor().predict("a")).isEqualTo("1:a");
    }
    assertThat(first.closes).hasValue(0);
    assertThat(second.closes).hasValue(0);
  }

  @Test
  void release_notServing_closesOnceAndRefusesCalls() throws Exception {
    Resident<String, String> one = slot.admit(first);
    Resident<String, String> two = slot.admit(second);
    slot.serve(two);
    assertThat(one.release().get(10, TimeUnit.SECONDS).version()).isEqualTo("1");
    assertThat(one.release().get(10, TimeUnit.SECONDS).version()).isEqualTo("1");
    assertThat(first.closes).hasValue(1);
    assertThatThrownBy(() -> one.predictor().predict("a"))
        .satisfies(
            e -> assertThat(reason(e)).isEqualTo(ModelUnavailableException.Reason.NOT_RESIDENT));
    assertThatThrownBy(() -> one.predictor().predictAll(List.of("a")))
        .isInstanceOf(ModelUnavailableException.class);
    assertThatThrownBy(() -> slot.serve(one))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("resident");
  }

  @Test
  void release_serving_goesWhenItIsReplaced() throws Exception {
    Resident<String, String> one = slot.admit(first);
    slot.serve(one);
    CompletableFuture<ModelInfo> closed = one.release();
    assertThat(slot.predictor().predict("a")).isEqualTo("1:a");
    assertThat(closed).isNotDone();
    slot.serve(slot.admit(second));
    assertThat(closed.get(10, TimeUnit.SECONDS).version()).isEqualTo("1");
    assertThat(first.closes).hasValue(1);
  }

  @Test
  void call_withVersion_isAnsweredByThatOneOrNone() {
    slot.serve(slot.admit(first));
    Resident<String, String> two = slot.admit(second);
    CallOptions pinned = CallOptions.defaults().withVersion("2");
    assertThatThrownBy(() -> slot.predictor().predict("a", pinned))
        .as("nobody has offered it: it may still be at its gates")
        .isInstanceOf(ModelUnavailableException.class);
    two.offer();
    assertThat(slot.predictor().predict("a", pinned)).isEqualTo("2:a");
    assertThat(slot.predictor().call("a", pinned).model().version()).isEqualTo("2");
    assertThat(slot.predictor().submit("a", pinned).join().value()).isEqualTo("2:a");
    var unused = two.release();
    assertThatThrownBy(() -> slot.predictor().predict("a", pinned))
        .hasMessage("iris: expected a resident version, got v2; resident: [fake v1]")
        .satisfies(
            e -> assertThat(reason(e)).isEqualTo(ModelUnavailableException.Reason.NOT_RESIDENT));
  }

  @Test
  void warmUp_everyLaneAndSize_makesTheRunners() {
    Resident<String, String> one = slot.admit(first);
    assertThat(one.warmUp(List.of("a", "b", "c"), Duration.ofSeconds(10)))
        .as("2 lanes, sizes 1 to 64, twice, and single rows on a spare lane")
        .isEqualTo(2 * 7 * 2 + 2);
    assertThat(first.runnersOpen).hasValue(3);
  }

  @Test
  void warmUp_rowFails_throwsItsFailure() {
    Resident<String, String> one =
        slot.admit(
            new FakeModel(
                "1",
                rows -> {
                  throw new IllegalStateException("no");
                }));
    assertThatThrownBy(() -> one.warmUp(List.of("a"), Duration.ofSeconds(10)))
        .isInstanceOf(PredictionFailedException.class);
  }

  @Test
  void close_residents_areClosedOnceEach() {
    Resident<String, String> one = slot.admit(first);
    slot.serve(slot.admit(second));
    slot.close();
    var unused = one.release();
    assertThat(first.closes).hasValue(1);
    assertThat(second.closes).hasValue(1);
    assertThatThrownBy(() -> one.predictor().predict("a"))
        .satisfies(e -> assertThat(reason(e)).isEqualTo(ModelUnavailableException.Reason.CLOSED));
    assertThatThrownBy(() -> slot.admit(first)).isInstanceOf(ModelUnavailableException.class);
  }

  /** Calls, pinned calls, and serve back and forth at once: nothing is ended under anybody. */
  @Test
  void serve_underLoad_neverEndsWhatIsUsed() throws Exception {
    Resident<String, String> one = slot.admit(first);
    Resident<String, String> two = slot.admit(second);
    slot.serve(one);
    CompletableFuture<?>[] callers = new CompletableFuture<?>[4];
    for (int i = 0; i < callers.length; i++) {
      Predictor<String, String> predictor =
          i == 0 ? one.predictor() : i == 1 ? two.predictor() : slot.predictor();
      callers[i] =
          CompletableFuture.runAsync(
              () -> {
                for (int n = 0; n < 20_000; n++) {
                  assertThat(predictor.predict("a")).endsWith(":a");
                }
              },
              task -> new Thread(task).start());
    }
    CompletableFuture<Void> all = CompletableFuture.allOf(callers);
    long served = 0;
    while (!all.isDone()) {
      slot.serve(served++ % 2 == 0 ? two : one);
    }
    all.get(10, TimeUnit.SECONDS);
    assertThat(served).isPositive();
    assertThat(first.closes).hasValue(0);
    slot.serve(two);
    assertThat(one.release().get(10, TimeUnit.SECONDS).version()).isEqualTo("1");
    assertThat(first.closes).hasValue(1);
    assertThat(second.closes).hasValue(0);
  }

  @Test
  void warmUp_firstLaneHangs_theOthersAreWarmedAllTheSame() {
    Resident<String, String> one = slot.admit(first);
    List<Lane> all = lanes.dispatcher().everyLane();
    Lane hung = all.get(1); // a spare lane comes first
    assertThat(hung.tryEnter()).isTrue();
    try {
      assertThat(one.warmUp(List.of("a"), Duration.ofMillis(500))).isPositive();
      assertThat(all).hasSize(3).allMatch(lane -> lane == hung || one.version().hasRunOn(lane));
      assertThat(one.version().hasRunOn(hung)).isFalse();
    } finally {
      lanes.dispatcher().leave(hung, null);
    }
  }
}
