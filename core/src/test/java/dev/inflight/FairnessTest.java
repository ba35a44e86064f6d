package dev.inflight;

import static dev.inflight.EngineFixture.now;
import static dev.inflight.EngineFixture.slot;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Models that share lanes share their time, and one that hangs leaves the others theirs. */
@Timeout(60)
class FairnessTest {
  private static final long MILLI = 1_000_000;

  /** A model whose rows come at a steady rate while lanes run. */
  private final class Traffic {
    private final ModelSlot<String, String> slot;
    private final ScriptedModel model = new ScriptedModel("1");
    private final long every;
    private long next;
    private int offered;
    private int answered;

    Traffic(ManualLanes lanes, int maxBatch, long fixed, long row, long every) {
      this.every = every;
      next = lanes.now();
      slot = slot(lanes, model, Batching.auto().withMaxBatch(maxBatch).withQueue(64, 1 << 20));
      model.runs(
          rows -> {
            play(lanes, lanes.now() + fixed + row * rows.size());
            answered += lanes.now() < end ? rows.size() : 0;
          });
    }

    void arrive() {
      offered++;
      next += every;
      try {
        var unused = slot.predictor().submit("a");
      } catch (OverloadedException e) {
        // shed: the queue is full
      }
    }
  }

  private final List<Traffic> all = new ArrayList<>();
  private long end; // nothing arrives later, nothing counts

  /** Time passes until {@code until}, and what arrives meanwhile arrives. */
  private void play(ManualLanes lanes, long until) {
    while (true) {
      Traffic first = null;
      for (Traffic each : all) {
        first = first == null || each.next < first.next ? each : first;
      }
      if (first == null || first.next > Math.min(until, end)) {
        break;
      }
      lanes.passTo(first.next);
      first.arrive();
    }
    lanes.passTo(until);
  }

  /** O6: runs of ten rows against single ones, long ones against short ones. */
  @ParameterizedTest
  @CsvSource({
    // rows a run of the greedy one, its fixed and row cost, the other one's, load of the other in %
    "1, 1000000, 0, 1000000, 40",
    "16, 1000000, 200000, 500000, 40",
    "64, 100000, 100000, 100000, 30",
    "1, 100000, 0, 5000000, 40"
  })
  void serve_oneModelOverloadedTenTimes_theOtherGetsItsDemand(
      int greedyRows, long fixed, long row, long other, int percent) {
    ManualLanes lanes = new ManualLanes(1);
    long perRow = (fixed + row * greedyRows) / greedyRows;
    Traffic greedy = new Traffic(lanes, greedyRows, fixed, row, Math.max(1, perRow / 10));
    Traffic modest = new Traffic(lanes, 1, other, 0, other * 100 / percent);
    all.add(greedy);
    all.add(modest);
    end = lanes.now() + 400 * Math.max(other, fixed + row * greedyRows);
    while (lanes.now() < end) {
      lanes.serve();
      play(lanes, lanes.now() + MILLI);
      lanes.complete();
    }
    System.out.printf(
        "fairness: modest %d of %d, greedy %d of %d%n",
        modest.answered, modest.offered, greedy.answered, greedy.offered);
    assertThat(modest.answered).isGreaterThanOrEqualTo((int) (0.95 * modest.offered));
    assertThat(greedy.answered).isPositive().isLessThan(greedy.offered);
  }

  /** An idle model must not come back with a right to all the time it did not use. */
  @Test
  void serve_modelThatWasIdleComesBack_theOtherIsNotStarved() {
    ManualLanes lanes = new ManualLanes(1);
    ScriptedModel busy = new ScriptedModel("1").takes(lanes, MILLI, 0);
    ScriptedModel back = new ScriptedModel("2").takes(lanes, MILLI, 0);
    var one = Batching.auto().withMaxBatch(1);
    var busySlot = slot(lanes, busy, one);
    var backSlot = slot(lanes, back, one);
    for (int i = 0; i < 500; i++) {
      var unused = busySlot.predictor().submit("a");
      lanes.serve();
    }
    List<String> order = new ArrayList<>();
    List<CompletableFuture<Void>> ends = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      var first = busySlot.predictor().submit("a").thenRun(() -> order.add("busy"));
      var second = backSlot.predictor().submit("b").thenRun(() -> order.add("back"));
      ends.add(first);
      ends.add(second);
    }
    lanes.settle();
    assertThat(ends).allSatisfy(end -> assertThat(end).isCompleted());
    assertThat(order.subList(0, 100).stream().filter("busy"::equals).count()).isBetween(45L, 55L);
    busySlot.close();
    backSlot.close();
  }

  @Test
  void limitedTo_modelHangs_takesOneLaneAndTheOtherModelIsServed() {
    ManualLanes lanes = new ManualLanes(2);
    Lanes limited = lanes.lanes().limitedTo(1);
    ScriptedModel hanging = new ScriptedModel("1");
    var slot = ModelSlot.of(hanging, limited, Batching.auto().withMaxBatch(1));
    var otherSlot = slot(lanes, new ScriptedModel("2"));
    List<CompletableFuture<Prediction<String>>> others = new ArrayList<>();
    List<Integer> seen = new ArrayList<>();
    hanging.runs(
        rows -> {
          if (rows.contains("hangs")) {
            var unused = slot.predictor().submit("waits1");
            var unused2 = slot.predictor().submit("waits2");
            for (int i = 0; i < 20; i++) {
              others.add(otherSlot.predictor().submit("b"));
              lanes.advance(Duration.ofMillis(10));
              lanes.serve();
              lanes.complete();
            }
            seen.add(hanging.rowsRun());
          }
        });
    var unused = slot.predictor().submit("hangs");
    lanes.settle();
    assertThat(seen).as("runs while one hung").containsExactly(1);
    assertThat(others).allMatch(future -> now(future).equals("2:b"));
    assertThat(hanging.rowsRun()).as("all, once it was over").isEqualTo(3);
    slot.close();
    otherSlot.close();
  }

  @Test
  void limitedTo_callerLeavesTheBulkhead_wakesALaneForTheRowsThatWaited() {
    ManualLanes lanes = new ManualLanes(2);
    Lanes limited = lanes.lanes().limitedTo(1);
    ScriptedModel model = new ScriptedModel("1");
    var slot = ModelSlot.of(model, limited);
    String nothing =
        limited.use(
            lane -> {
              var unused = slot.predictor().submit("a");
              lanes.serve();
              lanes.advance(Duration.ofSeconds(1));
              lanes.serve();
              assertThat(model.runs).isEmpty();
              return "";
            });
    assertThat(nothing).isEmpty();
    assertThat(lanes.woken()).isEqualTo(1);
    lanes.serve();
    assertThat(model.rowsRun()).isEqualTo(1);
    slot.close();
  }

  @Test
  void limitedTo_rowsWait_theirLaneIsNotKeptBusyForNothing() {
    ManualLanes lanes = new ManualLanes(2);
    Lanes limited = lanes.lanes().limitedTo(1);
    var slot = ModelSlot.of(new ScriptedModel("1"), limited);
    Integer wakeUps =
        limited.use(
            lane -> {
              var unused = slot.predictor().submit("a");
              int woken = 0;
              for (int i = 0; i < 100; i++) {
                woken += lanes.serveOne() ? 1 : 0;
                lanes.advance(Duration.ofMillis(5));
              }
              return woken;
            });
    assertThat(wakeUps).isEqualTo(1);
    lanes.serve();
    slot.close();
  }
}
