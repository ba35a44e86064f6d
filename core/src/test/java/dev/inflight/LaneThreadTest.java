package dev.inflight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Futures complete on the thread of a lane, which holds no lane meanwhile. */
@Timeout(60)
class LaneThreadTest {
  private final ManualLanes time = new ManualLanes(1); // its clock and alarms only
  private final Lanes lanes =
      Lanes.of(
          1,
          new Surroundings(
              time::now,
              time.lanes().dispatcher().surroundings().alarm(),
              task -> new Thread(task, "test-completion").start(),
              null));
  private final ModelSlot<String, String> slot = ModelSlot.of(new FakeModel("1"), lanes);
  private final Predictor<String, String> predictor = slot.predictor();
  private final CountDownLatch release = new CountDownLatch(1);

  @AfterEach
  void end() {
    release.countDown();
    slot.close();
    lanes.close();
  }

  /** A future whose continuation blocks; completes when that has begun. */
  private Thread block() throws Exception {
    CompletableFuture<Thread> begun = new CompletableFuture<>();
    submit(
        () -> {
          begun.complete(Thread.currentThread());
          await(release);
        });
    return begun.get(10, TimeUnit.SECONDS);
  }

  /** The continuation is there before the answer is, which would else run it here. */
  private void submit(Runnable continuation) {
    Lane lane = lanes.dispatcher().tryLane(null);
    while (lane == null) { // its thread is about to leave it
      Thread.onSpinWait();
      lane = lanes.dispatcher().tryLane(null);
    }
    var unused = predictor.submit("a").thenRun(continuation);
    lanes.dispatcher().leave(lane, null);
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private String completesOn() throws Exception {
    CompletableFuture<String> name = new CompletableFuture<>();
    submit(() -> name.complete(Thread.currentThread().getName()));
    return name.get(10, TimeUnit.SECONDS);
  }

  private static String answer(CompletableFuture<Prediction<String>> future) throws Exception {
    return future.get(10, TimeUnit.SECONDS).value();
  }

  @Test
  void continuation_isQuick_runsOnTheLanesThreadWithoutTheLane() throws Exception {
    assertThat(completesOn()).startsWith("inflight-lane-");
    CompletableFuture<String> nested = new CompletableFuture<>();
    submit(() -> nested.complete(predictor.predict("nested")));
    assertThat(nested.get(10, TimeUnit.SECONDS)).isEqualTo("1:nested");
  }

  /** Mutant: a lane whose thread is away is relied on for ever. */
  @Test
  void continuation_blocks_anotherThreadServesTheLane() throws Exception {
    Thread blocked = block();
    assertThat(blocked.getName()).startsWith("inflight-lane-");
    var waiting = predictor.submit("b");
    assertThatThrownBy(() -> waiting.get(20, TimeUnit.MILLISECONDS))
        .as("the thread is relied on for a while")
        .isInstanceOf(TimeoutException.class);
    time.advance(Duration.ofNanos(2 * Dispatcher.WATCH));
    assertThat(answer(waiting)).isEqualTo("1:b");
    assertThat(predictor.predict("c")).as("on its caller's thread").isEqualTo("1:c");
    assertThat(completesOn()).as("no second thread is risked").isEqualTo("test-completion");
    release.countDown();
    blocked.join(10_000);
    assertThat(blocked.isAlive()).as("it was replaced, so it ends").isFalse();
    while (!completesOn().startsWith("inflight-lane-")) {
      Thread.onSpinWait(); // the completion thread has just not ended; the timeout is the test's
    }
  }

  @Test
  void continuation_blocks_blockingCallsDoNotWaitForIt() throws Exception {
    block();
    assertThat(predictor.predict("c")).isEqualTo("1:c");
    assertThat(predictor.predictAll(List.of("d", "e"))).containsExactly("1:d", "1:e");
  }

  /** Mutant: the lane's thread never looks at the interrupt, and never parks again. */
  @Test
  void continuation_leavesAnInterrupt_theThreadForgetsIt() throws Exception {
    CompletableFuture<Thread> thread = new CompletableFuture<>();
    submit(
        () -> {
          Thread.currentThread().interrupt();
          thread.complete(Thread.currentThread());
        });
    thread.get(10, TimeUnit.SECONDS);
    assertThat(completesOn()).startsWith("inflight-lane-");
    assertThat(thread.get().isInterrupted()).isFalse();
  }
}
