package dev.inflight;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.Function;

/** Callers that use every kind of call while one thread swaps the model, and what they saw. */
final class StressHarness {
  private static final int OUTSTANDING = 8;
  private static final int BULK = 8;

  private final Map<String, LongAdder> violations = new ConcurrentSkipListMap<>();
  private final LongAdder predictions = new LongAdder();
  private final AtomicInteger created = new AtomicInteger();
  private final AtomicInteger closed = new AtomicInteger();
  private final AtomicInteger highestLane = new AtomicInteger();
  private final boolean slow;
  private final long seed = System.nanoTime();
  private final CountDownLatch over = new CountDownLatch(1);
  private volatile boolean stop;
  private int leastSwaps;
  private long refusedSwaps;
  private long nanos;

  /** A slow one widens the races and stops at the first violation. */
  StressHarness(boolean slow) {
    this.slow = slow;
  }

  /** It does not stop before, unless the time is up. */
  StressHarness swapsAtLeast(int swaps) {
    leastSwaps = swaps;
    return this;
  }

  void violation(String what) {
    violations.computeIfAbsent(what, key -> new LongAdder()).increment();
    if (slow) {
      finish();
    }
  }

  /** A runner was made for that lane; a spare one if it is not among the first. */
  void ranOn(Lane lane) {
    highestLane.accumulateAndGet(lane.index(), Math::max);
  }

  int highestLane() {
    return highestLane.get();
  }

  void closed() {
    closed.incrementAndGet();
  }

  Map<String, LongAdder> violations() {
    return violations;
  }

  long predictions() {
    return predictions.sum();
  }

  int swaps() {
    return created.get() - 1;
  }

  private void finish() {
    stop = true;
    over.countDown();
  }

  /** Runs until that many predictions, or that long; then closes everything and looks again. */
  void run(
      int laneCount,
      int callers,
      long enough,
      Duration atMost,
      Function<Lanes, Leasing<Integer, Long>> leasing,
      InferenceListener... listeners)
      throws Exception {
    Lanes lanes = Lanes.of(laneCount);
    ModelSlot<Integer, Long> slot =
        new ModelSlot<>("stress", lanes, Batching.auto(), leasing.apply(lanes));
    for (InferenceListener listener : listeners) {
      slot.listen(listener);
    }
    var first = slot.swap(next());
    assertThat(first).isDone();
    long begin = System.nanoTime();
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < callers; i++) {
      Random random = new Random(seed + i);
      Thread thread = new Thread(() -> callUntilStopped(slot, random), "stress-caller-" + i);
      thread.start();
      threads.add(thread);
    }
    ScheduledThreadPoolExecutor swapper = new ScheduledThreadPoolExecutor(1);
    var unused =
        swapper.scheduleAtFixedRate(
            () -> swapOnce(slot, enough), 0, slow ? 100 : 1000, TimeUnit.MICROSECONDS);
    if (!over.await(atMost.toMillis(), TimeUnit.MILLISECONDS)) {
      finish();
    }
    swapper.shutdown();
    if (!swapper.awaitTermination(10, TimeUnit.SECONDS)) {
      violation("swapper hangs");
    }
    for (Thread thread : threads) {
      thread.join(10_000);
      if (thread.isAlive()) {
        violation("caller hangs");
      }
    }
    nanos = System.nanoTime() - begin;
    settle(slot);
    lanes.close();
    System.out.println(this);
  }

  private StressModel next() {
    return new StressModel(created.incrementAndGet(), slow, this);
  }

  private void swapOnce(ModelSlot<Integer, Long> slot, long enough) {
    if (stop) {
      return;
    }
    if (created.get() % 64 == 0) {
      refuseSwap(slot);
    }
    var unused = slot.swap(next());
    if (predictions.sum() >= enough && swaps() >= leastSwaps) {
      finish();
    }
  }

  /** P4: what cannot be brought up changes nothing. */
  private void refuseSwap(ModelSlot<Integer, Long> slot) {
    ModelInfo before = slot.info();
    try {
      var unused = slot.swap(new BrokenModel());
      violation("a broken model went live");
    } catch (IllegalStateException e) {
      refusedSwaps++;
    }
    if (!slot.info().equals(before)) {
      violation("a failed swap changed what serves");
    }
  }

  /** All but the current version are closed soon; and after the slot is, that one too. */
  private void settle(ModelSlot<Integer, Long> slot) throws InterruptedException {
    awaitClosed(created.get() - 1);
    if (closed.get() < created.get() - 1) {
      violation("never closed");
      return;
    }
    slot.close();
    awaitClosed(created.get());
    if (closed.get() != created.get()) {
      violation("last version never closed");
    }
  }

  private void awaitClosed(int count) throws InterruptedException {
    // The reaper is first in, first out: what is asked of it now comes after all it has to do.
    for (int i = 0; i < 200 && closed.get() < count; i++) {
      CountDownLatch reached = new CountDownLatch(1);
      Background.reap(reached::countDown);
      if (!reached.await(10, TimeUnit.SECONDS)) {
        violation("reaper hangs");
        return;
      }
      Thread.onSpinWait();
    }
  }

  private void callUntilStopped(ModelSlot<Integer, Long> slot, Random random) {
    Predictor<Integer, Long> predictor = slot.predictor();
    Deque<Submitted> outstanding = new ArrayDeque<>();
    long last = 0;
    try {
      while (!stop) {
        int row = random.nextInt(1 << 30);
        switch (row & 63) {
          case 0, 1 -> last = bulk(predictor, row, last);
          case 2, 3 -> {
            outstanding.add(
                new Submitted(row, last, predictor.submit(row, CallOptions.defaults())));
            if (outstanding.size() == OUTSTANDING) {
              last = check(outstanding.remove(), last);
            }
          }
          case 4, 5 -> last = call(predictor, row, CallOptions.defaults(), last);
          case 6 -> last = call(predictor, row, CallOptions.timeout(Duration.ofSeconds(30)), last);
          default -> last = check(predictor.predict(row), row, last);
        }
      }
      while (!outstanding.isEmpty()) {
        last = check(outstanding.remove(), last);
      }
    } catch (Throwable e) {
      violation("failed: " + e);
    }
  }

  private record Submitted(int row, long floor, CompletableFuture<Prediction<Long>> future) {}

  private long check(Submitted submitted, long last) throws Exception {
    Prediction<Long> prediction = submitted.future.get(30, TimeUnit.SECONDS);
    return Math.max(last, check(prediction.value(), submitted.row, submitted.floor));
  }

  private long call(Predictor<Integer, Long> predictor, int row, CallOptions options, long last) {
    Prediction<Long> prediction = predictor.call(row, options);
    if (!prediction.model().version().equals(Long.toString(prediction.value() >> 32))) {
      violation("P1: answered by another version than it says");
    }
    return check(prediction.value(), row, last);
  }

  private long bulk(Predictor<Integer, Long> predictor, int row, long last) {
    List<Integer> rows = new ArrayList<>();
    for (int i = 0; i < BULK; i++) {
      rows.add(row + i);
    }
    List<Long> answers = predictor.predictAll(rows);
    long version = answers.get(0) >> 32;
    for (int i = 0; i < BULK; i++) {
      long got = check(answers.get(i), row + i, last);
      if (got != version) {
        violation("predictAll: two versions");
      }
    }
    return version;
  }

  private long check(long answer, int row, long last) {
    predictions.increment();
    if ((int) answer != row) {
      violation("wrong row");
    }
    if (answer >> 32 < last) {
      violation("P2: version went backwards");
    }
    return answer >> 32;
  }

  @Override
  public String toString() {
    return String.format(
        "stress: seed %d, %,d predictions, %,d swaps, %d refused swaps, %.1f s, %s",
        seed, predictions(), swaps(), refusedSwaps, nanos / 1e9, violations);
  }

  private static final class BrokenModel implements Model<Integer, Long> {
    @Override
    public ModelInfo info() {
      throw new IllegalStateException("broken");
    }

    @Override
    public Runner<Integer, Long> newRunner(Lane lane) {
      throw new IllegalStateException("broken");
    }

    @Override
    public void close() {}
  }
}
