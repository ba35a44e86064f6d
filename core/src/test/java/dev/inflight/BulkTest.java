package dev.inflight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Many rows of one caller: order, one version, bounded memory, and nothing left behind. */
@Timeout(60)
class BulkTest {
  private static final int ROWS = 20_000;
  private static final int WINDOW = 6 * 2 * 256; // six chunks a lane

  private final Lanes lanes = Lanes.of(2);
  private final FakeModel first =
      new FakeModel(
          "1",
          rows -> {
            if (rows.stream().anyMatch(row -> row.startsWith("poison"))) {
              throw new IllegalStateException("poison");
            }
            return FakeModel.echo("1", rows);
          });
  private final ModelSlot<String, String> slot = ModelSlot.of(first, lanes);
  private final List<String> answers = new ArrayList<>();

  @AfterEach
  void close() {
    long begin = System.nanoTime();
    slot.close();
    assertThat(Duration.ofNanos(System.nanoTime() - begin)).isLessThan(Duration.ofSeconds(5));
    lanes.close();
  }

  private static Iterator<String> rows(int n) {
    return IntStream.range(0, n).mapToObj(i -> "r" + i).iterator();
  }

  private BulkProgress predict(Iterator<String> rows, Consumer<Long> atIndex) {
    return slot.predictor()
        .predictAll(
            rows,
            CallOptions.defaults(),
            (index, outcome) -> {
              assertThat(index).isEqualTo(answers.size());
              atIndex.accept(index);
              answers.add(outcome.succeeded() ? outcome.value() : "failed");
            });
  }

  /** Nothing waits, and the version that was pinned can be closed. */
  private void assertNothingLeft() throws Exception {
    while (slot.line().waiting() > 0) {
      Thread.onSpinWait(); // of calls that lanes are just taking
    }
    slot.swap(new FakeModel("9")).get(10, TimeUnit.SECONDS);
    assertThat(first.closes).hasValue(1);
  }

  @Test
  void predictAll_manyRows_areAnsweredInOrder() throws Exception {
    BulkProgress progress = predict(rows(ROWS), index -> {});
    assertThat(answers)
        .containsExactlyElementsOf(IntStream.range(0, ROWS).mapToObj(i -> "1:r" + i).toList());
    assertThat(progress.rows()).isEqualTo(ROWS);
    assertThat(progress.failed()).isZero();
    assertThat(progress.model().version()).isEqualTo("1");
    assertNothingLeft();
  }

  @Test
  void predictAll_noRows_endsAtOnce() throws Exception {
    assertThat(predict(rows(0), index -> {}).rows()).isZero();
    assertThat(slot.predictor().predictAll(List.of())).isEmpty();
    assertNothingLeft();
  }

  @Test
  void predictAll_swapHalfWay_oneVersionAnswersAndIsClosedAfterwards() throws Exception {
    List<CompletableFuture<ModelInfo>> swaps = new ArrayList<>();
    predict(
        rows(ROWS),
        index -> {
          if (index == ROWS / 2) {
            swaps.add(slot.swap(new FakeModel("2")));
          }
          assertThat(first.isClosed()).isFalse();
        });
    assertThat(answers).hasSize(ROWS).allMatch(answer -> answer.startsWith("1:"));
    assertThat(swaps.get(0).get(10, TimeUnit.SECONDS).version()).isEqualTo("1");
    assertThat(first.closes).hasValue(1);
    assertThat(slot.predictor().predict("a")).isEqualTo("2:a");
  }

  @Test
  void predictAll_slowSink_rowsAreTakenNoFasterThanTheWindow() throws Exception {
    int[] taken = new int[1];
    int[] most = new int[1];
    Iterator<String> source =
        IntStream.range(0, ROWS).peek(i -> taken[0]++).mapToObj(i -> "r" + i).iterator();
    predict(source, index -> most[0] = Math.max(most[0], taken[0] - answers.size()));
    assertThat(most[0]).isLessThanOrEqualTo(WINDOW + 1); // hasNext looks one ahead
    assertNothingLeft();
  }

  @Test
  void predictAll_rowsFail_failAloneAndEndNothing() throws Exception {
    Iterator<String> source =
        IntStream.range(0, 2000)
            .mapToObj(i -> i % 500 == 7 ? (i < 1000 ? "bad" : "poison") : "r" + i)
            .iterator();
    BulkProgress progress = predict(source, index -> {});
    assertThat(progress.failed()).isEqualTo(4);
    for (int i = 0; i < 2000; i++) {
      assertThat(answers.get(i)).isEqualTo(i % 500 == 7 ? "failed" : "1:r" + i);
    }
    assertNothingLeft();
  }

  @Test
  void predictAll_sinkThrows_reachesTheCallerAndNothingIsLeft() throws Exception {
    assertThatThrownBy(
            () ->
                predict(
                    rows(ROWS),
                    index -> {
                      if (index == 1000) {
                        throw new IllegalStateException("the sink");
                      }
                    }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the sink");
    assertThat(answers).hasSize(1000);
    assertNothingLeft();
  }

  @Test
  void predictAll_sourceThrows_reachesTheCallerAndNothingIsLeft() throws Exception {
    Iterator<String> source =
        IntStream.range(0, ROWS)
            .mapToObj(
                i -> {
                  if (i == 3000) {
                    throw new IllegalStateException("the source");
                  }
                  return "r" + i;
                })
            .iterator();
    assertThatThrownBy(() -> predict(source, index -> {})).hasMessage("the source");
    assertNothingLeft();
  }

  @Test
  void predictAll_nullRow_isRefusedAndNothingIsLeft() throws Exception {
    Iterator<String> source =
        IntStream.range(0, ROWS).mapToObj(i -> i == 5000 ? null : "r" + i).iterator();
    assertThatThrownBy(() -> predict(source, index -> {})).isInstanceOf(NullPointerException.class);
    assertNothingLeft();
  }

  @Test
  void predictAll_interrupted_isCancelledWithTheFlagSetAndNothingIsLeft() throws Exception {
    assertThatThrownBy(
            () ->
                predict(
                    rows(ROWS),
                    index -> {
                      if (index == 1000) {
                        Thread.currentThread().interrupt();
                      }
                    }))
        .isInstanceOf(CancellationException.class);
    assertThat(Thread.interrupted()).isTrue();
    assertNothingLeft();
  }

  @Test
  void predictAll_longEnough_tellsItsProgress() {
    List<BulkProgress> told = new ArrayList<>();
    ManualLanes manual = new ManualLanes(1);
    ScriptedModel model = new ScriptedModel("1").takes(manual, 50_000_000, 0);
    ModelSlot<String, String> slow = EngineFixture.slot(manual, model);
    Thread server =
        new Thread(
            () -> {
              while (!Thread.currentThread().isInterrupted()) {
                manual.serve();
                Thread.onSpinWait();
              }
            });
    server.start();
    BulkProgress last =
        slow.predictor()
            .predictAll(
                rows(2000),
                CallOptions.defaults(),
                new BulkSink<String>() {
                  @Override
                  public void accept(long index, Outcome<String> outcome) {}

                  @Override
                  public void progress(BulkProgress progress) {
                    told.add(progress);
                  }
                });
    server.interrupt();
    assertThat(told).hasSizeGreaterThan(2);
    assertThat(told.get(told.size() - 1)).isEqualTo(last);
    assertThat(told).isSortedAccordingTo((a, b) -> Long.compare(a.rows(), b.rows()));
    assertThat(last.toString()).contains("2,000 rows (0 failed)");
  }

  @Test
  void predictAll_aListWithABadRow_runsNothing() {
    assertThatThrownBy(() -> slot.predictor().predictAll(List.of("a", "bad")))
        .isInstanceOf(InvalidInputException.class);
    assertThat(first.ranOn).isEmpty();
  }

  @Test
  void predictAll_aListLongerThanABatch_isAnsweredInOrder() throws Exception {
    List<String> rows = new ArrayList<>();
    rows(3000).forEachRemaining(rows::add);
    assertThat(slot.predictor().predictAll(rows))
        .containsExactlyElementsOf(rows.stream().map(row -> "1:" + row).toList());
    assertNothingLeft();
  }
}
