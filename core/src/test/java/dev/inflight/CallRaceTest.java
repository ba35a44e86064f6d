package dev.inflight;

import static dev.inflight.EngineFixture.slot;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A lane, a caller and a timer that want the same call at the same time. */
@Timeout(60)
class CallRaceTest {
  private static final int ROUNDS = 50_000;
  private static final Optional<Duration> SHORT = Optional.of(Duration.ofNanos(1));

  private final ManualLanes lanes = new ManualLanes(1);
  private final ModelSlot<String, String> slot = slot(lanes, new ScriptedModel("1"));
  private final List<Call<String, String>> calls = new ArrayList<>();
  private final List<Batch<String, String>> batches = new ArrayList<>();
  private volatile int turn = -1;

  private interface Step {
    void run(int round);
  }

  private Call<String, String> call(Optional<Duration> timeout) {
    return new Call<>(
        slot.line(),
        List.of("a"),
        timeout.map(CallOptions::timeout).orElse(CallOptions.defaults()),
        null,
        new CompletableFuture<>());
  }

  /** Both do round after round on two threads; {@code second} does not begin one before this. */
  private void race(Step first, Step second) throws InterruptedException {
    Thread thread =
        new Thread(
            () -> {
              for (int i = 0; i < ROUNDS; i++) {
                while (turn < i) {
                  Thread.onSpinWait();
                }
                second.run(i);
              }
            });
    thread.start();
    for (int i = 0; i < ROUNDS; i++) {
      turn = i;
      first.run(i);
    }
    thread.join();
  }

  private void prepare(Optional<Duration> timeout) {
    for (int i = 0; i < ROUNDS; i++) {
      calls.add(call(timeout));
      batches.add(new Batch<>(slot.line()));
    }
  }

  private void assertEachCallLeftTheQueueOnce() {
    assertThat(slot.line().waiting()).isEqualTo(-ROUNDS); // they were never counted in
    slot.close();
  }

  /** Mutant: marks it taken before it looks at the time, then gives it up in a second step. */
  @Test
  void take_expiredAndGivenUpAtOnce_aNeighbourIsNotTakenForDead() throws Exception {
    prepare(SHORT);
    long late = lanes.now() + 1000;
    for (Batch<String, String> batch : batches) {
      Call<String, String> neighbour = call(Optional.empty());
      assertThat(take(neighbour, batch, late)).isTrue();
      batch.add(neighbour);
    }
    race(
        i -> assertThat(take(calls.get(i), batches.get(i), late)).isFalse(),
        i -> calls.get(i).giveUp(CallEnd.CANCELLED));
    assertThat(batches.stream().filter(Batch::isDead).count()).isZero();
    assertThat(slot.line().waiting()).isEqualTo(-2 * ROUNDS);
    slot.close();
  }

  @Test
  void take_givenUpAtOnce_theBatchKnowsHowManyAreAlive() throws Exception {
    prepare(Optional.empty());
    boolean[] taken = new boolean[ROUNDS];
    boolean[] givenUp = new boolean[ROUNDS];
    race(
        i -> {
          taken[i] = take(calls.get(i), batches.get(i), lanes.now());
          if (taken[i]) {
            batches.get(i).add(calls.get(i));
          }
        },
        i -> givenUp[i] = calls.get(i).giveUp(CallEnd.CANCELLED));
    for (int i = 0; i < ROUNDS; i++) {
      assertThat(givenUp[i]).isTrue();
      assertThat(batches.get(i).isDead()).isTrue();
      assertThat(batches.get(i).calls()).hasSize(taken[i] ? 1 : 0);
    }
    assertEachCallLeftTheQueueOnce();
  }

  @Test
  void answer_givenUpAtOnce_oneOfThemWins() throws Exception {
    List<Outcome<String>> answer = List.of(Outcome.of("1:a"));
    prepare(Optional.empty());
    List<CompletableFuture<Prediction<String>>> futures = new ArrayList<>();
    for (int i = 0; i < ROUNDS; i++) {
      CompletableFuture<Prediction<String>> future = new CompletableFuture<>();
      futures.add(future);
      Call<String, String> call =
          new Call<>(slot.line(), List.of("a"), CallOptions.defaults(), null, future);
      assertThat(take(call, batches.get(i), lanes.now())).isTrue();
      batches.get(i).add(call);
      calls.set(i, call);
    }
    boolean[] givenUp = new boolean[ROUNDS];
    Lane lane = lanes.lanes().dispatcher().everyLane().get(0);
    race(
        i -> calls.get(i).answer(answer, 0, slot.peek(), lane, 0, 0),
        i -> givenUp[i] = calls.get(i).giveUp(CallEnd.CANCELLED));
    lane.completions().flush();
    lanes.complete();
    int gaveUp = 0;
    for (int i = 0; i < ROUNDS; i++) {
      assertThat(futures.get(i).isDone()).isEqualTo(!givenUp[i]);
      gaveUp += givenUp[i] ? 1 : 0;
    }
    Ends ends = slot.stats().total().ends();
    assertThat(ends.completed()).isEqualTo(ROUNDS - gaveUp);
    assertThat(ends.cancelled()).isEqualTo(gaveUp);
    assertThat(slot.stats().total().latency().count()).isEqualTo(ROUNDS - gaveUp);
    assertEachCallLeftTheQueueOnce();
  }

  /** Mutants: cancel without a CAS; a lane that does not wait for a cancel on its way. */
  @Test
  void callGivenUp_laneEntersAndLeaves_cancelReachesThatRunOrNone() throws Exception {
    prepare(Optional.empty());
    for (int i = 0; i < ROUNDS; i++) {
      assertThat(take(calls.get(i), batches.get(i), lanes.now())).isTrue();
      batches.get(i).add(calls.get(i));
    }
    CancelledRunner runner = new CancelledRunner();
    race(
        i -> {
          for (int part = 0; part < 20; part++) { // as a bisected batch does
            runner.begin();
            if (batches.get(i).enter(runner)) {
              Thread.onSpinWait();
              batches.get(i).leave();
              runner.end(true);
            } else {
              runner.end(false);
            }
          }
        },
        i -> calls.get(i).giveUp(CallEnd.CANCELLED));
    assertThat(runner.wrong).as("cancels with no run to reach").hasValue(0);
    assertEachCallLeftTheQueueOnce();
  }

  private static final class CancelledRunner implements Runner<String, String> {
    private final AtomicInteger wrong = new AtomicInteger();
    private volatile boolean inside;
    private volatile int cancels;
    private int cancelsBefore;

    void begin() {
      cancelsBefore = cancels;
      inside = true;
    }

    void end(boolean ran) {
      inside = false;
      int came = cancels - cancelsBefore;
      if (came > 1 || (came == 1 && !ran)) {
        wrong.incrementAndGet();
      }
    }

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate") // one thread at a time, or that is the bug
    public void cancel() {
      cancels++;
      if (!inside) {
        wrong.incrementAndGet();
      }
    }

    @Override
    public List<Outcome<String>> run(List<? extends String> rows) {
      throw new AssertionError("not run here");
    }

    @Override
    public void close() {}
  }

  /** As a line does it. */
  private boolean take(Call<String, String> call, Batch<String, String> batch, long now) {
    Line.Taken taken = new Line.Taken();
    boolean mine = call.take(batch, taken, now);
    slot.line().leave(taken);
    return mine;
  }
}
