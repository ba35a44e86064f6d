package dev.inflight;

import static dev.inflight.EngineFixture.slot;
import static dev.inflight.EngineFixture.teach;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** No row waits for ever while a lane is free, whatever became of the lane that was to look. */
@Timeout(60)
class WakeUpTest {
  private static final long SHORT = 25_000; // a lane that takes no longer is not helped
  private static final Duration LONG = Duration.ofMillis(5); // against what any of this expects

  private final ManualLanes lanes = new ManualLanes(2);

  /** What other lanes get done while this one hangs. */
  private void hang() {
    lanes.advance(LONG);
    lanes.serve();
  }

  @Test
  void enqueue_laneThatWasToLookHangs_anotherLaneRunsTheRow() {
    ScriptedModel other = new ScriptedModel("2");
    var otherSlot = slot(lanes, other);
    List<Integer> seen = new ArrayList<>();
    ScriptedModel hanging =
        new ScriptedModel("1")
            .runs(
                rows -> {
                  var unused = otherSlot.predictor().submit("b");
                  assertThat(lanes.woken()).as("the lane is expected to look soon").isZero();
                  hang();
                  seen.add(other.rowsRun());
                });
    var slot = slot(lanes, hanging);
    teach(slot, 1_000, SHORT);
    var unused = slot.predictor().submit("a");
    lanes.settle();
    assertThat(seen).containsExactly(1);
    slot.close();
    otherSlot.close();
  }

  @Test
  void next_rowsLeftForThisLaneWhichThenHangs_anotherLaneRunsThem() {
    List<Integer> seen = new ArrayList<>();
    ScriptedModel first = new ScriptedModel("1");
    ScriptedModel second =
        new ScriptedModel("2")
            .runs(
                rows -> {
                  hang();
                  seen.add(first.rowsRun());
                });
    var firstSlot = slot(lanes, first);
    var secondSlot = slot(lanes, second);
    teach(firstSlot, 1_000, SHORT);
    teach(secondSlot, 1_000, SHORT);
    first.runs(
        rows -> {
          if (rows.contains("a1")) {
            var unused = secondSlot.predictor().submit("b");
            var unused2 = firstSlot.predictor().submit("a2");
            lanes.pass(1_000 + SHORT);
          }
        });
    var unused = firstSlot.predictor().submit("a1");
    lanes.settle();
    assertThat(seen).containsExactly(2);
    firstSlot.close();
    secondSlot.close();
  }

  @Test
  void enqueue_oneLaneModelHangs_itsOtherRowsGetAnotherLane() {
    List<Integer> seen = new ArrayList<>();
    ScriptedModel model = new ScriptedModel("1");
    var slot = slot(lanes, model);
    teach(slot, 10_000, 500);
    assertThat(slot.line().rule().isOneLane()).isTrue();
    model.runs(
        rows -> {
          if (rows.contains("hangs")) {
            var unused = slot.predictor().submit("a");
            hang();
            seen.add(model.rowsRun());
          }
        });
    var unused = slot.predictor().submit("hangs");
    lanes.settle();
    assertThat(seen).containsExactly(2);
    slot.close();
  }

  @Test
  void next_batchesWithThrows_theLaneGoesOnAndEveryRowIsAnswered() {
    ScriptedModel model =
        new ScriptedModel("1")
            .batchesWith(
                (row, other) -> {
                  throw new AssertionError("a backend's bug");
                });
    var slot = slot(lanes, model);
    var first = slot.predictor().submit("a");
    var second = slot.predictor().submit("b");
    var third = slot.predictor().submit("c");
    lanes.settle();
    assertThat(
            List.of(EngineFixture.now(first), EngineFixture.now(second), EngineFixture.now(third)))
        .containsExactly("1:a", "1:b", "1:c");
    slot.close();
  }

  @Test
  void next_maxBatchThrows_theLaneGoesOn() {
    AtomicBoolean broken = new AtomicBoolean();
    ScriptedModel model =
        new ScriptedModel("1") {
          @Override
          public int maxBatch() {
            if (broken.get()) {
              throw new AssertionError("a backend's bug");
            }
            return super.maxBatch();
          }
        };
    var slot = slot(lanes, model);
    broken.set(true);
    var first = slot.predictor().submit("a");
    var second = slot.predictor().submit("b");
    lanes.settle();
    // Each is alone in its run, which asks no question about company.
    assertThat(EngineFixture.now(first)).isEqualTo("1:a");
    assertThat(EngineFixture.now(second)).isEqualTo("1:b");
    broken.set(false);
    var third = slot.predictor().submit("c");
    lanes.settle();
    assertThat(EngineFixture.now(third)).isEqualTo("1:c");
    slot.close();
  }
}
