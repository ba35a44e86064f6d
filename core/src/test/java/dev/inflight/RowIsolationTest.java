package dev.inflight;

import static dev.inflight.EngineFixture.now;
import static dev.inflight.EngineFixture.slot;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A bad row fails alone; its neighbours get the answers they would have had alone. */
@Timeout(60)
class RowIsolationTest {
  private final ManualLanes lanes = new ManualLanes(1);

  private static int budget(int n) {
    return 2 * (int) Math.ceil(Math.log(n) / Math.log(2)) + 1;
  }

  private List<CompletableFuture<Prediction<String>>> run(ScriptedModel model, int n) {
    var slot = slot(lanes, model);
    List<CompletableFuture<Prediction<String>>> futures = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      futures.add(slot.predictor().submit("r" + i));
    }
    lanes.settle();
    assertThat(slot.line().waiting()).isZero();
    slot.close();
    return futures;
  }

  private static boolean isPoisoned(List<? extends String> rows, Set<Integer> poison) {
    return rows.stream().anyMatch(row -> poison.contains(Integer.parseInt(row.substring(1))));
  }

  private static ScriptedModel poisoned(Set<Integer> poison) {
    return new ScriptedModel("1")
        .runs(
            rows -> {
              if (isPoisoned(rows, poison)) {
                throw new IllegalStateException("poison");
              }
            });
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 7, 16, 33, 64})
  void run_onePoisonRowAtEachPosition_failsAlone(int n) {
    for (int bad = 0; bad < n; bad++) {
      ScriptedModel model = poisoned(Set.of(bad));
      var futures = run(model, n);
      for (int i = 0; i < n; i++) {
        if (i == bad) {
          assertThatThrownBy(futures.get(i)::get)
              .isInstanceOf(ExecutionException.class)
              .hasCauseInstanceOf(PredictionFailedException.class)
              .hasMessageContaining("poison");
        } else {
          assertThat(now(futures.get(i))).isEqualTo("1:r" + i);
        }
      }
      assertThat(model.runs.size() - 1).isLessThanOrEqualTo(budget(n));
    }
  }

  @Test
  void run_severalPoisonRows_nobodyGetsAWrongAnswerAndTheBudgetHolds() {
    long seed = System.nanoTime();
    System.out.println("row isolation: seed " + seed);
    Random random = new Random(seed);
    for (int round = 0; round < 300; round++) {
      int n = Line.even(2 + random.nextInt(62)); // what goes into one run
      Set<Integer> poison = new HashSet<>();
      for (int i = 0; i <= random.nextInt(5); i++) {
        poison.add(random.nextInt(n));
      }
      ScriptedModel model = poisoned(poison);
      var futures = run(model, n);
      for (int i = 0; i < n; i++) {
        assertThat(futures.get(i)).isDone();
        if (poison.contains(i)) {
          assertThat(futures.get(i)).isCompletedExceptionally();
        } else if (!futures.get(i).isCompletedExceptionally()) {
          assertThat(now(futures.get(i))).isEqualTo("1:r" + i);
        } else {
          assertThatThrownBy(futures.get(i)::get).hasMessageContaining("not found in time");
        }
      }
      assertThat(model.runs.size() - 1).isLessThanOrEqualTo(budget(n));
    }
  }

  @Test
  void run_everythingFails_endsWithinTheBudget() {
    ScriptedModel model =
        new ScriptedModel("1")
            .runs(
                rows -> {
                  throw new IllegalStateException("broken");
                });
    assertThat(run(model, 64)).allMatch(CompletableFuture::isCompletedExceptionally);
    assertThat(model.runs.size() - 1).isLessThanOrEqualTo(budget(64));
  }

  static Stream<Arguments> brokenAnswers() {
    return Stream.of(
        broken("too few", rows -> FakeModel.echo("1", rows.subList(1, rows.size()))),
        broken(
            "too many",
            rows -> {
              List<Outcome<String>> answers = FakeModel.echo("1", rows);
              answers.add(Outcome.of("more"));
              return answers;
            }),
        broken("none", rows -> null),
        broken("null outcomes", rows -> new ArrayList<>(Collections.nCopies(rows.size(), null))),
        broken(
            "an error",
            rows -> {
              throw new StackOverflowError("deep");
            }),
        broken(
            "a linkage error",
            rows -> {
              throw new NoClassDefFoundError("gone");
            }));
  }

  private static Arguments broken(String name, FakeModel.Body body) {
    return Arguments.of(name, body);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("brokenAnswers")
  void run_brokenAnswersForOneRow_onlyThatFailsAndTheLaneGoesOn(String name, FakeModel.Body body) {
    ScriptedModel model =
        new ScriptedModel("1")
            .answers(rows -> rows.contains("r3") ? body.run(rows) : FakeModel.echo("1", rows));
    var futures = run(model, 8);
    for (int i = 0; i < 8; i++) {
      if (i == 3) {
        assertThatThrownBy(futures.get(i)::get).hasCauseInstanceOf(PredictionFailedException.class);
      } else {
        assertThat(now(futures.get(i))).isEqualTo("1:r" + i);
      }
    }
  }

  @Test
  void run_rowFailsInItsOutcome_noSecondRun() {
    ScriptedModel model =
        new ScriptedModel("1")
            .answers(
                rows -> {
                  List<Outcome<String>> answers = FakeModel.echo("1", rows);
                  answers.set(2, FakeModel.failure("its own"));
                  return answers;
                });
    var futures = run(model, 4);
    assertThat(futures.get(2)).isCompletedExceptionally();
    assertThat(List.of(now(futures.get(0)), now(futures.get(1)), now(futures.get(3))))
        .containsExactly("1:r0", "1:r1", "1:r3");
    assertThat(model.runs).hasSize(1);
  }

  @Test
  void swap_newVersionRefusesSomeRows_theyAreSetAsideAlone() throws Exception {
    var slot = slot(lanes, new ScriptedModel("1"));
    var futures =
        Arrays.asList(
            slot.predictor().submit("a"),
            slot.predictor().submit("b"),
            slot.predictor().submit("c"));
    ScriptedModel next = new ScriptedModel("2").accepts(row -> !row.equals("b"));
    slot.swap(next).get();
    lanes.settle();
    assertThat(now(futures.get(0))).isEqualTo("2:a");
    assertThatThrownBy(futures.get(1)::get).hasCauseInstanceOf(InvalidInputException.class);
    assertThat(now(futures.get(2))).isEqualTo("2:c");
    assertThat(next.runs).containsExactly(List.of("a", "c"));
    slot.close();
  }

  @Test
  void swap_newVersionFailsToValidate_onlyItsRowsFail() throws Exception {
    var slot = slot(lanes, new ScriptedModel("1"));
    var futures = Arrays.asList(slot.predictor().submit("a"), slot.predictor().submit("b"));
    ScriptedModel next =
        new ScriptedModel("2")
            .accepts(
                row -> {
                  if (row.equals("b")) {
                    throw new ClassCastException("another kind of row");
                  }
                  return true;
                });
    slot.swap(next).get();
    lanes.settle();
    assertThat(now(futures.get(0))).isEqualTo("2:a");
    assertThatThrownBy(futures.get(1)::get).hasCauseInstanceOf(PredictionFailedException.class);
    slot.close();
  }
}
