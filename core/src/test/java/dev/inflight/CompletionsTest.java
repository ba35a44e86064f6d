package dev.inflight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/**
 * Futures complete once each, in order, and a continuation that blocks holds nobody up for long.
 */
@Timeout(60)
class CompletionsTest {
  private static final Duration STALL = Duration.ofNanos(Completions.STALLED);

  private final ManualLanes lanes = new ManualLanes(1);
  private final Completions completions = lanes.lanes().dispatcher().completions();
  private final List<Integer> done = new ArrayList<>();

  /** What the other drainers get done while this one blocks. */
  private void block(Duration time) {
    lanes.advance(time);
    lanes.complete();
  }

  @Test
  void flush_manyCompletions_runInOrderAndOnce() {
    for (int i = 0; i < 1000; i++) {
      int each = i;
      completions.add(() -> done.add(each));
      if (i % 3 == 0) {
        completions.flush();
      }
    }
    lanes.complete();
    assertThat(done).containsExactlyElementsOf(IntStream.range(0, 1000).boxed().toList());
  }

  @Test
  void flush_drainerRuns_noSecondOne() {
    completions.execute(() -> done.add(1));
    Runnable drainer = lanes.pollCompletions();
    completions.execute(() -> done.add(2));
    assertThat(lanes.pollCompletions()).isNull();
    drainer.run();
    assertThat(done).containsExactly(1, 2);
  }

  @Test
  void execute_continuationBlocks_theNextOneIsNotHeldUpLongerThanTheStall() {
    completions.execute(
        () -> {
          completions.execute(() -> done.add(2));
          block(STALL.multipliedBy(2));
          done.add(1);
        });
    lanes.complete();
    assertThat(done).containsExactly(2, 1);
  }

  /** The lane has delivered both and hangs in its next run: nobody flushes any more. */
  @Test
  void flush_firstOfTwoBlocksAndNobodyFlushes_theSecondIsDelivered() {
    completions.add(
        () -> {
          block(STALL.multipliedBy(3));
          done.add(1);
        });
    completions.add(() -> done.add(2));
    completions.flush();
    lanes.complete();
    assertThat(done).containsExactly(2, 1);
  }

  @Test
  void execute_severalBlock_eachCostsTheOthersOneStall() {
    for (int i = 0; i < 10; i++) {
      int each = i;
      completions.add(
          () -> {
            block(STALL.multipliedBy(2));
            done.add(each);
          });
    }
    completions.execute(() -> done.add(99));
    lanes.complete();
    assertThat(done).hasSize(11).startsWith(99);
  }

  @Test
  void execute_executorRefusesOnce_nothingIsLost() {
    Queue<Runnable> drainers = new ArrayDeque<>();
    AtomicInteger refusals = new AtomicInteger(1);
    Surroundings some =
        new Surroundings(
            lanes::now,
            lanes.lanes().dispatcher().surroundings().alarm(),
            drainer -> {
              if (refusals.getAndDecrement() > 0) {
                throw new RejectedExecutionException("no thread");
              }
              drainers.add(drainer);
            },
            null);
    try (Lanes other = Lanes.of(1, some)) {
      Completions refused = other.dispatcher().completions();
      refused.execute(() -> done.add(1)); // from a lane, which must survive it
      assertThat(drainers).isEmpty();
      lanes.advance(STALL);
      assertThat(drainers).hasSize(1);
      drainers.remove().run();
    }
    assertThat(done).containsExactly(1);
  }

  @Test
  void drain_completionThrows_theOthersStillComplete() {
    completions.add(
        () -> {
          throw new AssertionError("an error in a continuation");
        });
    completions.add(() -> done.add(1));
    completions.flush();
    assertThatThrownBy(lanes::complete).isInstanceOf(AssertionError.class);
    completions.execute(() -> done.add(2));
    lanes.complete();
    assertThat(done).containsExactly(1, 2);
  }

  @Test
  void drainHere_isQuick_leavesNothing() {
    for (int i = 0; i < 100; i++) {
      int each = i;
      completions.add(() -> done.add(each));
    }
    completions.drainHere();
    assertThat(done).hasSize(100).isSorted();
    assertThat(completions.isEmpty()).isTrue();
    assertThat(lanes.pollCompletions()).as("no other thread").isNull();
  }

  @Test
  void drainHere_takesLong_theRestGetsAThread() {
    for (int i = 0; i < 10; i++) {
      int each = i;
      completions.add(
          () -> {
            done.add(each);
            lanes.pass(Completions.BUDGET / 2 + 1);
          });
    }
    completions.drainHere();
    assertThat(done).containsExactly(0, 1);
    lanes.complete();
    assertThat(done).hasSize(10).isSorted();
  }

  @Test
  void drainHere_firstBlocks_theOthersAreNotHeldUpLongerThanTheStall() {
    completions.add(
        () -> {
          block(STALL.multipliedBy(3));
          done.add(1);
        });
    completions.add(() -> done.add(2));
    completions.drainHere();
    assertThat(done).containsExactly(2, 1);
  }

  @Test
  void drainHere_completionThrows_isToldAndTheOthersComplete() {
    List<Throwable> uncaught = new ArrayList<>();
    Thread.currentThread().setUncaughtExceptionHandler((thread, e) -> uncaught.add(e));
    try {
      completions.add(
          () -> {
            throw new AssertionError("an error in a continuation");
          });
      completions.add(() -> done.add(1));
      completions.drainHere();
      lanes.complete();
      assertThat(uncaught).hasSize(1);
      assertThat(done).containsExactly(1);
    } finally {
      Thread.currentThread().setUncaughtExceptionHandler(null);
    }
  }
}
