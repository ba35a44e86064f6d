package dev.inflight;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** P5: every call ends in exactly one way, and the books balance: the callers', and ours. */
class LedgerTest {
  private static final int CALLERS = 6;

  private final LongAdder made = new LongAdder();
  private final LongAdder completed = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final LongAdder rejected = new LongAdder();
  private final LongAdder timedOut = new LongAdder();
  private final LongAdder cancelled = new LongAdder();

  private void count(Throwable failure) {
    if (failure == null) {
      completed.increment();
    } else if (failure instanceof CompletionException wrapped && wrapped.getCause() != null) {
      count(wrapped.getCause());
    } else if (failure instanceof OverloadedException) {
      rejected.increment();
    } else if (failure instanceof DeadlineExceededException) {
      timedOut.increment();
    } else if (failure instanceof CancellationException) {
      cancelled.increment();
    } else if (failure instanceof PredictionFailedException) {
      failed.increment();
    } else {
      throw new AssertionError(failure);
    }
  }

  @Test
  @Timeout(60)
  void calls_randomMixAndSwaps_endExactlyOnceAndAreCountedSo() throws Exception {
    callsEndOnce(3_000);
  }

  @Test
  @Tag("soak")
  @Timeout(1_800)
  void calls_randomMixOfFiveMillion_endExactlyOnceAndAreCountedSo() throws Exception {
    callsEndOnce(5_000_000 / CALLERS);
  }

  /** Returns from its first event when the calls are over. */
  private record Stalling(CountDownLatch over) implements InferenceListener {
    @Override
    public void onEnded(ModelInfo model, CallEnd end, int predictions) {
      try {
        over.await();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static final class Greedy implements InferenceListener {
    private final CompletableFuture<Integer> told = new CompletableFuture<>();

    @Override
    public void onRun(InferenceRun run) {
      byte[] megabyte = new byte[1 << 20];
      megabyte[run.rows()] = 1;
      told.complete(Arrays.hashCode(megabyte));
    }
  }

  private static FakeModel model(String version) {
    return new FakeModel(
        version,
        rows -> {
          if (rows.get(0).startsWith("fail")) {
            throw new IllegalStateException("no");
          }
          for (int i = 0; i < 300; i++) {
            Thread.onSpinWait();
          }
          return FakeModel.echo(version, rows);
        });
  }

  private void callsEndOnce(int calls) throws Exception {
    long seed = System.nanoTime();
    System.out.println("ledger: seed " + seed);
    try (Lanes lanes = Lanes.of(2)) {
      ModelSlot<String, String> slot =
          ModelSlot.of(model("1"), lanes, Batching.auto().withQueue(8, 1 << 20));
      AutoCloseable throwing = // and so slow that most events are dropped: the books do not mind
          slot.listen(
              new InferenceListener() {
                @Override
                public void onRun(InferenceRun run) {
                  throw new IllegalStateException("a listener's own problem");
                }
              });
      CountDownLatch over = new CountDownLatch(1);
      AutoCloseable blocking = slot.listen(new Stalling(over));
      Greedy greedy = new Greedy();
      AutoCloseable allocating = slot.listen(greedy);
      List<Thread> callers = new ArrayList<>();
      List<CompletableFuture<Void>> ends = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        Random random = new Random(seed + i);
        CompletableFuture<Void> end = new CompletableFuture<>();
        Thread caller =
            new Thread(() -> call(slot.predictor(), random, calls, end), "test-caller-" + i);
        caller.start();
        callers.add(caller);
        ends.add(end);
      }
      int swaps = 0;
      for (Thread caller : callers) {
        while (caller.isAlive()) {
          slot.swap(model(Integer.toString(2 + swaps++))).get(10, TimeUnit.SECONDS);
        }
      }
      assertThat(swaps).isPositive();
      for (CompletableFuture<Void> end : ends) {
        end.get(10, TimeUnit.SECONDS);
      }
      assertCounted(slot.stats(), swaps);
      over.countDown();
      greedy.told.get(30, TimeUnit.SECONDS); // it had to wait until the stalling one was set aside
      for (AutoCloseable listener : List.of(throwing, blocking, allocating)) {
        listener.close();
      }
      slot.close();
      assertThat(slot.line().waiting()).isZero();
      assertCounted(slot.stats(), swaps + 1);
    }
    System.out.printf(
        "ledger: %s made, %s completed, %s failed, %s rejected, %s timed out, %s cancelled%n",
        made, completed, failed, rejected, timedOut, cancelled);
    assertThat(made.sum()).isEqualTo((long) CALLERS * calls);
    assertThat(completed.sum() + failed.sum() + rejected.sum() + timedOut.sum() + cancelled.sum())
        .isEqualTo(made.sum());
    assertThat(List.of(completed.sum(), failed.sum(), rejected.sum(), timedOut.sum()))
        .allMatch(n -> n > 0);
  }

  /** Versions that are gone are counted, and nothing else is left of them. */
  private void assertCounted(InferenceStats stats, int gone) {
    VersionStats total = stats.total();
    assertThat(total.ends())
        .isEqualTo(
            new Ends(
                completed.sum(),
                failed.sum(),
                0,
                rejected.sum(),
                timedOut.sum(),
                cancelled.sum(),
                0));
    assertThat(stats.versions()).hasSizeLessThanOrEqualTo(1);
    Ends parts = stats.gone().ends();
    for (VersionStats version : stats.versions()) {
      assertThat(version.version()).isEqualTo(Integer.toString(gone + 1));
      parts = parts.plus(version.ends());
    }
    assertThat(parts).isEqualTo(total.ends());
    // What was cancelled after it was answered has a latency too.
    assertThat(total.latency().count())
        .isBetween(completed.sum(), completed.sum() + failed.sum() + cancelled.sum());
    assertThat(total.rows().count()).isEqualTo(total.run().count());
  }

  /** Also that {@code end} completes only when all futures of this caller have. */
  private void call(
      Predictor<String, String> predictor, Random random, int calls, CompletableFuture<Void> end) {
    List<CompletableFuture<?>> futures = new ArrayList<>();
    for (int i = 0; i < calls; i++) {
      made.increment();
      String row = (random.nextInt(10) == 0 ? "fail" : "row") + i;
      CallOptions options =
          random.nextInt(3) == 0
              ? CallOptions.timeout(Duration.ofNanos(1 + random.nextInt(100_000)))
              : CallOptions.defaults();
      try {
        if (random.nextBoolean()) {
          CompletableFuture<Prediction<String>> future = predictor.submit(row, options);
          futures.add(future.handle((value, failure) -> countEnd(failure)));
          if (random.nextInt(4) == 0) {
            future.cancel(true);
          }
        } else {
          predictor.call(row, options);
          count(null);
        }
      } catch (RuntimeException e) {
        count(e);
      }
    }
    var unused =
        CompletableFuture.allOf(futures.toArray(CompletableFuture<?>[]::new))
            .whenComplete(
                (nothing, failure) -> {
                  if (failure == null) {
                    end.complete(null);
                  } else {
                    end.completeExceptionally(failure);
                  }
                });
  }

  private boolean countEnd(Throwable failure) {
    count(failure);
    return true;
  }

  /** A rejected call must not be counted out a second time when its timeout passes. */
  @Test
  @Timeout(60)
  void submit_rejectedWithTimeout_leavesTheSlotsCountAlone() throws Exception {
    try (Gate gate = new Gate();
        Lanes lanes = Lanes.of(1)) {
      FakeModel model = gate.model("1");
      ModelSlot<String, String> slot =
          ModelSlot.of(model, lanes, Batching.auto().withQueue(1, 1000));
      var held = slot.predictor().submit("hold");
      gate.awaitEntered();
      var queued = slot.predictor().submit("a");
      int rejections = 0;
      for (int i = 0; i < 4; i++) {
        try {
          var unused = slot.predictor().submit("b", CallOptions.timeout(Duration.ofHours(1)));
        } catch (OverloadedException e) {
          rejections++;
        }
      }
      assertThat(rejections).isEqualTo(4);
      while (!Background.timer().getQueue().isEmpty()) {
        Thread.onSpinWait(); // the engine's own, of a millisecond
      }
      gate.open();
      assertThat(held.get(10, TimeUnit.SECONDS).value()).isEqualTo("1:hold");
      assertThat(queued.get(10, TimeUnit.SECONDS).value()).isEqualTo("1:a");
      slot.close();
    }
  }
}
