package dev.inflight;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** O1: ten times what the lanes can carry, and the books still balance to the last call. */
@Timeout(180)
class OverloadTest {
  private static final long RUN = 2_000_000; // a run holds its lane so long
  private static final int MAX_BATCH = 4;
  private static final int QUEUE = 256;
  private static final int CALLERS = 2;

  private final LongAdder submitted = new LongAdder();
  private final LongAdder completed = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final LongAdder rejected = new LongAdder();
  private final LongAdder timedOut = new LongAdder();
  private final LongAdder cancelled = new LongAdder();
  private final LongAdder twice = new LongAdder();
  private final LongAdder overBound = new LongAdder();
  private final LongAdder wrong = new LongAdder();

  private final class Recorded {
    private final AtomicInteger ends = new AtomicInteger();

    void end(LongAdder how) {
      if (ends.incrementAndGet() == 1) {
        how.increment();
      } else {
        twice.increment();
      }
    }

    void end(Throwable failure) {
      Throwable cause =
          failure instanceof CompletionException && failure.getCause() != null
              ? failure.getCause()
              : failure;
      if (cause instanceof DeadlineExceededException) {
        end(timedOut);
      } else if (cause instanceof CancellationException) {
        end(cancelled);
      } else {
        end(failed);
      }
    }
  }

  private static FakeModel model(int version) {
    return new FakeModel(
        Integer.toString(version),
        rows -> {
          LockSupport.parkNanos(RUN);
          if (rows.stream().anyMatch(row -> row.endsWith("77"))) {
            throw new IllegalStateException("poison");
          }
          return FakeModel.echo(Integer.toString(version), rows);
        });
  }

  private void call(ModelSlot<String, String> slot, long until, Random random) {
    // 2 lanes carry at most 4 rows in 2 ms each: 4,000 a second; these come ten times as fast.
    long every = RUN * CALLERS / (2 * MAX_BATCH * 10);
    long next = System.nanoTime();
    for (int i = 0; next - until < 0; i++, next += every) {
      while (next - System.nanoTime() > 0) {
        LockSupport.parkNanos(50_000);
      }
      submitted.increment();
      Recorded recorded = new Recorded();
      CallOptions options =
          random.nextInt(3) == 0
              ? CallOptions.defaults()
              : CallOptions.timeout(Duration.ofNanos(1 + random.nextInt(100_000_000)));
      if (random.nextInt(8) == 0) {
        options = options.withPriority(Priority.LOW);
      }
      try {
        String row = "r" + i;
        var future = slot.predictor().submit(row, options);
        var unused =
            future.whenComplete(
                (answer, failure) -> {
                  if (failure != null) {
                    recorded.end(failure);
                  } else {
                    recorded.end(completed);
                    if (!answer.value().equals(answer.model().version() + ":" + row)) {
                      wrong.increment();
                    }
                  }
                });
        if (random.nextInt(20) == 0) {
          future.cancel(true);
        }
      } catch (OverloadedException e) {
        recorded.end(rejected);
      }
    }
  }

  private void overload(Duration time) throws Exception {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("overload: seed " + seed);
    List<FakeModel> models = new ArrayList<>();
    models.add(model(1));
    Lanes lanes = Lanes.of(2);
    ModelSlot<String, String> slot =
        ModelSlot.of(
            models.get(0),
            lanes,
            Batching.auto().withMaxBatch(MAX_BATCH).withQueue(QUEUE, 1 << 20));
    long until = System.nanoTime() + time.toNanos();
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < CALLERS; i++) {
      Random random = new Random(seed + i);
      Thread caller = new Thread(() -> call(slot, until, random), "test-caller-" + i);
      caller.start();
      callers.add(caller);
    }
    for (int k = 0; System.nanoTime() - until < 0; k++) {
      TimeUnit.MILLISECONDS.sleep(10);
      // What waits counts those that are being refused just now, one a caller.
      overBound.add(slot.line().waiting() > QUEUE + CALLERS ? 1 : 0);
      if (k % 10 == 9) {
        FakeModel next = model(models.size() + 1);
        models.add(next);
        var unused = slot.swap(next);
      }
    }
    for (Thread caller : callers) {
      caller.join();
    }
    long closing = System.nanoTime();
    slot.close();
    assertThat(Duration.ofNanos(System.nanoTime() - closing)).isLessThan(Duration.ofSeconds(9));
    long ended;
    long giveUp = System.nanoTime() + Duration.ofSeconds(10).toNanos();
    do {
      Thread.onSpinWait();
      ended = completed.sum() + failed.sum() + rejected.sum() + timedOut.sum() + cancelled.sum();
    } while (ended < submitted.sum() && System.nanoTime() - giveUp < 0);
    System.out.printf(
        "overload: %s submitted, %s completed, %s failed, %s rejected, %s timed out, %s cancelled, %d versions%n",
        submitted, completed, failed, rejected, timedOut, cancelled, models.size());
    assertThat(ended).isEqualTo(submitted.sum());
    assertThat(twice.sum()).isZero();
    assertThat(wrong.sum()).isZero();
    assertThat(overBound.sum()).isZero();
    assertThat(slot.line().waiting()).isZero();
    assertThat(
            List.of(completed.sum(), failed.sum(), rejected.sum(), timedOut.sum(), cancelled.sum()))
        .allMatch(n -> n > 0);
    for (FakeModel model : models) {
      assertThat(model.closes).hasValue(1);
      assertThat(model.runnersOpen).hasValue(0);
    }
    lanes.close();
  }

  @Test
  void submit_tenTimesTheCapacity_everyCallEndsExactlyOnce() throws Exception {
    overload(Duration.ofSeconds(5));
  }

  @Test
  @Tag("soak")
  void submit_tenTimesTheCapacityForAMinute_everyCallEndsExactlyOnce() throws Exception {
    overload(Duration.ofSeconds(60));
  }
}
