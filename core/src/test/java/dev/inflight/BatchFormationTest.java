package dev.inflight;

import static dev.inflight.EngineFixture.low;
import static dev.inflight.EngineFixture.now;
import static dev.inflight.EngineFixture.slot;
import static dev.inflight.EngineFixture.teach;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which rows share a run, in which order, and when it begins. */
@Timeout(60)
class BatchFormationTest {
  private final ManualLanes lanes = new ManualLanes(1);
  private final ScriptedModel model = new ScriptedModel("1");

  private static void submit(ModelSlot<String, String> slot, String... rows) {
    for (String row : rows) {
      var unused = slot.predictor().submit(row);
    }
  }

  private static void submitLow(ModelSlot<String, String> slot, int n) {
    for (int i = 0; i < n; i++) {
      var unused = slot.predictor().submit("low" + i, low());
    }
  }

  private static String[] numbered(int n) {
    return IntStream.range(0, n).mapToObj(i -> "r" + i).toArray(String[]::new);
  }

  @Test
  void serve_severalWait_shareOneRunInTheirOrder() {
    var slot = slot(lanes, model);
    submit(slot, numbered(10));
    lanes.settle();
    assertThat(model.runs).containsExactly(List.of(numbered(10)));
    slot.close();
  }

  @Test
  void serve_moreThanTheCapWait_noRunIsLarger() {
    var slot = slot(lanes, model, Batching.auto().withMaxBatch(4));
    submit(slot, "a", "b", "c", "d", "e", "f", "g", "h", "i", "j");
    lanes.settle();
    assertThat(model.runs)
        .containsExactly(
            List.of("a", "b", "c", "d"), List.of("e", "f", "g", "h"), List.of("i", "j"));
    slot.close();
  }

  @Test
  void serve_modelAllowsFewer_itsLimitHolds() {
    var slot = slot(lanes, model.maxBatch(2), Batching.auto().withMaxBatch(4));
    submit(slot, "a", "b", "c", "d", "e");
    lanes.settle();
    assertThat(model.runs).containsExactly(List.of("a", "b"), List.of("c", "d"), List.of("e"));
    slot.close();
  }

  @Test
  void serve_rowsDoNotFitTogether_onlyThoseThatDoShareARun() {
    var slot = slot(lanes, model.batchesByLetter());
    submit(slot, "a1", "b1", "a2", "c1", "b2", "a3");
    lanes.settle();
    assertThat(model.runs)
        .containsExactly(List.of("a1", "a2", "a3"), List.of("b1", "b2"), List.of("c1"));
    slot.close();
  }

  @Test
  void serve_rowsCountForSeveral_theirSumIsCapped() {
    var slot = slot(lanes, model.counts(String::length), Batching.auto().withMaxBatch(4));
    submit(slot, "aaa", "bb", "c", "dddddd", "e");
    lanes.settle();
    assertThat(model.runs)
        .containsExactly(
            List.of("aaa"), List.of("bb", "c"), List.of("dddddd"), List.of("e")); // d is alone
    slot.close();
  }

  @Test
  void predictAll_moreThanTheModelTakes_isSplitInOrder() {
    var slot = slot(lanes, model.maxBatch(8));
    List<String> rows = List.of(numbered(50));
    assertThat(slot.predictor().predictAll(rows))
        .containsExactlyElementsOf(rows.stream().map(row -> "1:" + row).toList());
    assertThat(model.runs).hasSize(7).allMatch(run -> run.size() <= 8);
    assertThat(model.runs.stream().flatMap(List::stream)).containsExactlyElementsOf(rows);
    slot.close();
  }

  @Test
  void next_secondLaneFreeAndRowsExpensive_takesItsPart() {
    ManualLanes two = new ManualLanes(2);
    var slot = slot(two, model);
    teach(slot, 1_000, 25_000);
    model.runs(
        rows -> {
          if (rows.contains("first")) {
            submit(slot, numbered(10));
            assertThat(two.woken()).as("this lane looks soon").isZero();
          }
          two.pass(26_000);
        });
    submit(slot, "first");
    two.settle();
    assertThat(model.runs.stream().map(List::size))
        .containsExactly(1, 5, 3, 2); // of 10 half, of 5 half
    slot.close();
  }

  @Test
  void next_secondLaneFreeAndRowsCheap_takesAll() {
    ManualLanes two = new ManualLanes(2);
    var slot = slot(two, model);
    teach(slot, 20_000, 100);
    model.runs(
        rows -> {
          if (rows.contains("first")) {
            submit(slot, numbered(10));
          }
          two.pass(20_100);
        });
    submit(slot, "first");
    two.settle();
    assertThat(model.runs.stream().map(List::size)).containsExactly(1, 10);
    slot.close();
  }

  @Test
  void next_oneLaneModelWithALongRun_getsASecondLane() {
    ManualLanes two = new ManualLanes(2);
    var slot = slot(two, model);
    teach(slot, 1_000_000, 500);
    assertThat(slot.line().rule().isOneLane()).isTrue();
    List<Integer> seen = new ArrayList<>();
    model.runs(
        rows -> {
          if (rows.contains("first")) {
            submit(slot, "a", "b");
            two.serve();
            seen.add(model.rowsRun());
          }
        });
    submit(slot, "first");
    two.settle();
    assertThat(seen).containsExactly(3);
    slot.close();
  }

  @Test
  void serve_noDelay_nothingWaits() {
    var slot = slot(lanes, model);
    var future = slot.predictor().submit("a");
    lanes.settle();
    assertThat(now(future)).isEqualTo("1:a");
    slot.close();
  }

  @Test
  void serve_delay_countsFromTheOldestRow() {
    var slot = slot(lanes, model, Batching.auto().withMaxDelay(Duration.ofMillis(10)));
    submit(slot, "a");
    lanes.settle();
    lanes.advance(Duration.ofMillis(4));
    submit(slot, "b");
    lanes.settle();
    lanes.advance(Duration.ofMillis(6).minusNanos(1));
    lanes.settle();
    assertThat(model.runs).isEmpty();
    lanes.advance(Duration.ofNanos(1));
    lanes.settle();
    assertThat(model.runs).containsExactly(List.of("a", "b"));
    submit(slot, "c");
    lanes.settle();
    assertThat(model.runs).hasSize(1);
    lanes.advance(Duration.ofMillis(10));
    lanes.settle();
    assertThat(model.runs).hasSize(2);
    slot.close();
  }

  @Test
  void serve_delayAndAFullBatch_doesNotWait() {
    var slot =
        slot(lanes, model, Batching.auto().withMaxBatch(3).withMaxDelay(Duration.ofMillis(10)));
    submit(slot, "a", "b");
    lanes.settle();
    assertThat(model.runs).isEmpty();
    submit(slot, "c");
    lanes.settle();
    assertThat(model.runs).containsExactly(List.of("a", "b", "c"));
    slot.close();
  }

  @Test
  void serve_delayAndTheOldestIsCancelled_theNextOneWaitsItsOwn() {
    var slot = slot(lanes, model, Batching.auto().withMaxDelay(Duration.ofMillis(10)));
    var first = slot.predictor().submit("a");
    lanes.settle();
    lanes.advance(Duration.ofMillis(5));
    submit(slot, "b");
    first.cancel(true);
    lanes.advance(Duration.ofMillis(9));
    lanes.settle();
    assertThat(model.runs).isEmpty();
    lanes.advance(Duration.ofMillis(1));
    lanes.settle();
    assertThat(model.runs).containsExactly(List.of("b"));
    slot.close();
  }

  @Test
  void serve_lowAndNormalWait_normalFirst() {
    var slot = slot(lanes, model, Batching.auto().withMaxBatch(4));
    submitLow(slot, 5);
    submit(slot, "a", "b");
    lanes.settle();
    assertThat(model.runs)
        .containsExactly(List.of("a", "b", "low0", "low1"), List.of("low2", "low3", "low4"));
    slot.close();
  }

  @Test
  void serve_normalNeverEnds_lowGoesOnceInEightRuns() {
    var slot = slot(lanes, model, Batching.auto().withMaxBatch(1));
    submitLow(slot, 20);
    submit(slot, numbered(10));
    model.runs(
        rows -> {
          if (model.runs.size() < 200) {
            submit(slot, "n" + model.runs.size());
          }
        });
    while (model.runs.size() < 160) {
      lanes.serveOne();
    }
    for (int from = 0; from < 160; from += 8) {
      assertThat(model.runs.subList(from, from + 8))
          .filteredOn(run -> run.get(0).startsWith("low"))
          .hasSize(1);
    }
    lanes.settle();
    slot.close();
  }

  @Test
  void serve_lowDoesNotFitWithNormal_stillGoesOnceInEightRuns() {
    var slot = slot(lanes, model.batchesByLetter(), Batching.auto().withMaxBatch(2));
    submitLow(slot, 2);
    submit(slot, numbered(40));
    lanes.settle();
    assertThat(model.runs.subList(0, 8)).contains(List.of("low0", "low1"));
    slot.close();
  }

  @Test
  void serve_lowNeverEnds_normalGoesNext() {
    var slot = slot(lanes, model, Batching.auto().withMaxBatch(2));
    submitLow(slot, 100);
    model.runs(
        rows -> {
          if (model.runs.size() == 5) {
            submit(slot, "urgent");
          }
        });
    lanes.settle();
    assertThat(model.runs.get(5).get(0)).isEqualTo("urgent");
    slot.close();
  }
}
