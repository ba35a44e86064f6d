package dev.inflight;

import dev.inflight.tensor.Signature;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * Lanes whose time, threads and alarms a checker holds in its hand: a wake-up is a task in {@code
 * servers}, so one that is lost can be seen.
 */
final class Rig {
  static final Duration TIMEOUT = Duration.ofNanos(1000);

  private static final ModelInfo INFO =
      new ModelInfo("rig", "1", "test", new Signature(List.of(), List.of()), "d", Map.of());

  final Queue<Runnable> servers = new ConcurrentLinkedQueue<>();
  final Queue<Runnable> completions = new ConcurrentLinkedQueue<>();
  final Queue<Runnable> alarms = new ConcurrentLinkedQueue<>();
  final Lanes lanes;
  volatile long now;

  Rig(int n) {
    lanes =
        Lanes.of(
            n,
            new Surroundings(
                () -> now,
                (nanos, task) -> {
                  alarms.add(task);
                  return new CompletableFuture<Void>();
                },
                completions::add,
                servers::add));
  }

  /** Whose watch never rings. */
  static Completions completions(Executor executor, Ticker ticker) {
    return new Completions(
        new Surroundings(
            ticker, (nanos, task) -> new CompletableFuture<Void>(), executor, executor));
  }

  /** One lane with a thread of its own; time stands still and no alarm rings. */
  static Lanes threads() {
    return Lanes.of(
        1,
        new Surroundings(
            () -> 0, (nanos, task) -> new CompletableFuture<Void>(), Runnable::run, null));
  }

  static Version<Integer, Integer> version() {
    return new Version<>(new Echo(), 2);
  }

  static ModelSlot<Integer, Integer> slot(Lanes lanes) {
    return ModelSlot.of(new Echo(), lanes);
  }

  /** One row, its answer to {@code answer}; queued, and a lane woken as in production. */
  static Call<Integer, Integer> submit(ModelSlot<Integer, Integer> slot, Answer answer) {
    return submit(slot, CallOptions.defaults(), answer);
  }

  static Call<Integer, Integer> submit(
      ModelSlot<Integer, Integer> slot, CallOptions options, Answer answer) {
    Call<Integer, Integer> call = call(slot, options, answer);
    slot.accept(call, true);
    call.armTimer();
    return call;
  }

  static Call<Integer, Integer> call(
      ModelSlot<Integer, Integer> slot, CallOptions options, Answer answer) {
    return new Call<>(slot.line(), List.of(1), options, null, answer);
  }

  /** Rows and bytes that the line still counts: 0 once every call has ended. */
  static int leftInside(ModelSlot<Integer, Integer> slot) {
    return Math.abs(slot.line().waiting())
        + Math.abs(Insides.bytes(slot.line()))
        + Math.abs(Insides.calls(slot));
  }

  static void runAll(Queue<Runnable> tasks) {
    Runnable task;
    while ((task = tasks.poll()) != null) {
      task.run();
    }
  }

  /** Until nothing is left to do. */
  void runAll() {
    while (!servers.isEmpty() || !completions.isEmpty()) {
      runAll(servers);
      runAll(completions);
    }
  }

  /** Counts how often somebody tried to complete it. */
  static final class Answer extends CompletableFuture<Prediction<Integer>> {
    final AtomicInteger answers = new AtomicInteger();
    final AtomicInteger failures = new AtomicInteger();

    /** For the end: {@code call} was answered here, once, or given up. */
    void requireEnd(Call<?, ?> call) {
      int ends = answers.get() + failures.get();
      int expected = Insides.isDone(call) ? 1 : 0;
      if (ends != expected || call.isWaiting()) {
        throw new AssertionError(
            "a call was answered " + ends + " times, expected " + expected + " times");
      }
    }

    @Override
    public boolean complete(Prediction<Integer> value) {
      answers.incrementAndGet();
      return super.complete(value);
    }

    @Override
    public boolean completeExceptionally(Throwable failure) {
      failures.incrementAndGet();
      return super.completeExceptionally(failure);
    }
  }

  /** Answers every row with itself. */
  static final class Echo implements Model<Integer, Integer> {
    @Override
    public ModelInfo info() {
      return INFO;
    }

    @Override
    public Runner<Integer, Integer> newRunner(Lane lane) {
      return new EchoRunner(null);
    }

    @Override
    public long bytes(Integer row) {
      return 8;
    }

    @Override
    public void close() {}
  }

  /** The runner of {@link Echo}; a cancel runs {@code onCancel}. */
  record EchoRunner(@Nullable Runnable onCancel) implements Runner<Integer, Integer> {
    @Override
    public List<Outcome<Integer>> run(List<? extends Integer> rows) {
      List<Outcome<Integer>> answers = new ArrayList<>(rows.size());
      for (Integer row : rows) {
        answers.add(Outcome.of(row));
      }
      return answers;
    }

    @Override
    public void cancel() {
      if (onCancel != null) {
        onCancel.run();
      }
    }

    @Override
    public void close() {}
  }
}
