package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.deploy.CanaryOptions.Margin;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.PriorityQueue;
import java.util.SplittableRandom;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Counting by start, under a fake clock and under many threads. */
@Timeout(60)
class EpochsTest {
  private static final long SECOND = 1_000_000_000;
  private static final int THREADS = 4;
  private static final int PAIRS_PER_THREAD = 16_000;
  private static final int OUTCOMES = 7;

  private final AtomicLong now = new AtomicLong();
  private final List<String> handed = new ArrayList<>();

  private Epochs epochs(int open) {
    return new Epochs(2, open, SECOND, now::get);
  }

  private void collect(Epochs epochs) {
    epochs.collect((epoch, counts) -> handed.add(epoch + Arrays.toString(counts)));
  }

  private static Epochs.Finding outcome(int index) {
    return counters -> counters.add(index, 1);
  }

  @Test
  void collect_laterEpochCompleteFirst_waitsForTheEarlier() {
    Epochs epochs = epochs(4);
    long first = epochs.start();
    for (int i = 1; i < 2 * Epochs.PAIRS; i++) {
      assertThat(epochs.finish(epochs.start(), outcome(0))).isTrue();
    }
    collect(epochs);
    assertThat(handed).isEmpty();
    assertThat(epochs.finish(first, outcome(1))).isTrue();
    assertThat(epochs.finish(first, outcome(1))).as("twice").isFalse();
    collect(epochs);
    assertThat(handed).containsExactly("0[63, 1]", "1[64, 0]");
  }

  @Test
  void start_ringFull_refusesBeforeThePairRuns() {
    Epochs epochs = epochs(1);
    long[] tickets = new long[Epochs.PAIRS];
    Arrays.setAll(tickets, i -> epochs.start());
    assertThat(epochs.start()).isEqualTo(Epochs.REFUSED);
    assertThat(epochs.refused()).isOne();
    for (long ticket : tickets) {
      epochs.finish(ticket, outcome(0));
    }
    collect(epochs);
    assertThat(epochs.start()).isEqualTo(Epochs.PAIRS);
    assertThat(epochs.finish(tickets[0], outcome(1))).as("of an epoch long gone").isFalse();
  }

  @Test
  void tick_fewPairs_closesTheEpochAfterATenthOfASecond() {
    Epochs epochs = epochs(2);
    epochs.finish(epochs.start(), outcome(0));
    now.set(SECOND / 10 - 1);
    epochs.tick(ticket -> Epochs.Finding.DROPPED);
    collect(epochs);
    assertThat(handed).isEmpty();
    now.set(SECOND / 10);
    epochs.tick(ticket -> Epochs.Finding.DROPPED);
    collect(epochs);
    assertThat(handed).containsExactly("0[1, 0]");
    now.set(SECOND);
    epochs.tick(ticket -> Epochs.Finding.DROPPED);
    assertThat(epochs.start()).as("an epoch without pairs is not closed").isEqualTo(Epochs.PAIRS);
  }

  @Test
  void tick_stuckPair_countsAsTheCallerSaysAndNeverAgain() {
    Epochs epochs = epochs(2);
    long fine = epochs.start();
    long stuck = epochs.start();
    long dropped = epochs.start();
    epochs.finish(fine, outcome(0));
    now.set(2 * SECOND);
    epochs.tick(ticket -> ticket == stuck ? outcome(1) : Epochs.Finding.DROPPED);
    collect(epochs);
    assertThat(handed).containsExactly("0[1, 1]");
    assertThat(epochs.expired()).isEqualTo(2);
    assertThat(epochs.finish(stuck, outcome(0))).isFalse();
    assertThat(epochs.finish(dropped, outcome(0))).isFalse();
  }

  /** What {@link Epochs} is used for here, and its mutant below. */
  private interface Recorder {
    long start();

    void finish(long ticket, int outcome);

    void collect(Epochs.Sink sink);
  }

  private static Recorder sound(Epochs epochs) {
    return new Recorder() {
      @Override
      public long start() {
        return epochs.start();
      }

      @Override
      public void finish(long ticket, int outcome) {
        epochs.finish(ticket, outcome(outcome));
      }

      @Override
      public void collect(Epochs.Sink sink) {
        epochs.collect(sink);
      }
    };
  }

  /** Says that a pair is done before it was counted. */
  private static final class DoneTooEarly implements Recorder {
    private static final int EPOCHS = THREADS * PAIRS_PER_THREAD / Epochs.PAIRS;
    private final AtomicLong next = new AtomicLong();
    private final AtomicInteger[] done = new AtomicInteger[EPOCHS];
    private final AtomicIntegerArray counts = new AtomicIntegerArray(EPOCHS * OUTCOMES);
    private final ReentrantLock lock = new ReentrantLock();
    private int collected;

    DoneTooEarly() {
      Arrays.setAll(done, i -> new AtomicInteger());
    }

    @Override
    public long start() {
      return next.getAndIncrement();
    }

    @Override
    public void finish(long ticket, int outcome) {
      int epoch = (int) Epochs.epoch(ticket);
      if (done[epoch].incrementAndGet() == Epochs.PAIRS) {
        LockSupport.parkNanos(1_000); // widens what is there anyway
      }
      counts.incrementAndGet(epoch * OUTCOMES + outcome);
    }

    @Override
    public void collect(Epochs.Sink sink) {
      if (!lock.tryLock()) {
        return;
      }
      try {
        for (; collected < EPOCHS && done[collected].get() == Epochs.PAIRS; collected++) {
          long[] row = new long[OUTCOMES];
          Arrays.setAll(row, i -> counts.get(collected * OUTCOMES + i));
          sink.accept(collected, row);
        }
      } finally {
        lock.unlock();
      }
    }
  }

  /** Epochs that were handed on out of order or with wrong counts. */
  private static int wrongEpochs(Recorder recorder) throws Exception {
    AtomicLong expected = new AtomicLong();
    AtomicInteger wrong = new AtomicInteger();
    Epochs.Sink sink =
        (epoch, counts) -> {
          long[] right = new long[OUTCOMES];
          for (long t = epoch * Epochs.PAIRS; t < (epoch + 1) * Epochs.PAIRS; t++) {
            right[(int) (t % OUTCOMES)]++;
          }
          boolean good = expected.getAndIncrement() == epoch && Arrays.equals(right, counts);
          wrong.addAndGet(good ? 0 : 1);
        };
    inParallel(thread -> record(recorder, sink, new SplittableRandom(thread)));
    recorder.collect(sink);
    long epochs = THREADS * PAIRS_PER_THREAD / Epochs.PAIRS;
    return wrong.get() + (expected.get() == epochs ? 0 : 1);
  }

  private static void record(Recorder recorder, Epochs.Sink sink, SplittableRandom random) {
    ArrayDeque<Long> inFlight = new ArrayDeque<>();
    for (int i = 0; i < PAIRS_PER_THREAD; ) {
      long ticket = recorder.start();
      if (ticket != Epochs.REFUSED) {
        i++;
        if (random.nextBoolean()) {
          inFlight.addFirst(ticket);
        } else {
          inFlight.addLast(ticket);
        }
      } else if (inFlight.isEmpty()) {
        LockSupport.parkNanos(1_000); // the others must finish first
      }
      while (inFlight.size() > 8 || (ticket == Epochs.REFUSED && !inFlight.isEmpty())) {
        long done = inFlight.remove();
        recorder.finish(done, (int) (done % OUTCOMES));
      }
      recorder.collect(sink);
    }
    inFlight.forEach(done -> recorder.finish(done, (int) (done % OUTCOMES)));
  }

  private interface Work {
    void run(int thread);
  }

  private static void inParallel(Work work) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(THREADS);
    try {
      List<Future<?>> all = new ArrayList<>();
      for (int i = 0; i < THREADS; i++) {
        int thread = i;
        all.add(threads.submit(() -> work.run(thread)));
      }
      for (Future<?> one : all) {
        one.get();
      }
    } finally {
      threads.shutdownNow();
    }
  }

  @Test
  void counts_manyThreads_areExactPerEpochAndInOrder() throws Exception {
    assertThat(wrongEpochs(sound(new Epochs(OUTCOMES, 64, SECOND, () -> 0)))).isZero();
  }

  @Test
  void counts_doneBeforeCounted_isCaught() throws Exception {
    assertThat(wrongEpochs(new DoneTooEarly())).isPositive();
  }

  /** Everything times out while it finishes: each pair counts once, as one or the other. */
  @Test
  void expire_whilePairsFinish_countsEachOnce() throws Exception {
    AtomicLong clock = new AtomicLong();
    Epochs epochs = new Epochs(2, 8, 0, clock::get);
    AtomicLong started = new AtomicLong();
    AtomicLong finished = new AtomicLong();
    long[] totals = new long[2];
    Epochs.Sink sink = (epoch, counts) -> Arrays.setAll(totals, i -> totals[i] + counts[i]);
    inParallel(
        thread -> {
          ArrayDeque<Long> inFlight = new ArrayDeque<>();
          for (int i = 0; i < PAIRS_PER_THREAD; i++) {
            long ticket = epochs.start();
            if (ticket != Epochs.REFUSED) {
              started.incrementAndGet();
              inFlight.add(ticket);
            }
            if (inFlight.size() > 20 || (ticket == Epochs.REFUSED && !inFlight.isEmpty())) {
              finished.addAndGet(epochs.finish(inFlight.remove(), outcome(0)) ? 1 : 0);
            }
            clock.addAndGet(SECOND / 1_000);
            if (thread == 0) {
              epochs.tick(late -> outcome(1));
            }
            epochs.collect(sink);
          }
        });
    clock.addAndGet(SECOND);
    epochs.tick(late -> outcome(1));
    clock.addAndGet(SECOND);
    epochs.tick(late -> outcome(1));
    epochs.collect(sink);
    assertThat(totals).containsExactly(finished.get(), epochs.expired());
    assertThat(totals[0] + totals[1]).isEqualTo(started.get());
    assertThat(epochs.expired()).isPositive();
  }

  /** Runs promoted of a candidate that is exactly as slow as it may be: at finish, and by epoch. */
  private static double[] falsePromotions(double noise, int runs) {
    Evidence promote = Score.sign(new Margin(.1, .1)).promote().orElseThrow();
    double threshold = Math.log(20);
    int[] promoted = new int[2];
    for (int run = 0; run < runs; run++) {
      boolean[] once = inFlight(promote, threshold, noise, new java.util.Random(run));
      promoted[0] += once[0] ? 1 : 0;
      promoted[1] += once[1] ? 1 : 0;
    }
    return new double[] {promoted[0] / (double) runs, promoted[1] / (double) runs};
  }

  private record Flight(double end, long ticket, boolean slow) {}

  private static boolean[] inFlight(
      Evidence promote, double threshold, double noise, java.util.Random random) {
    Epochs epochs = new Epochs(2, 64, SECOND, () -> 0);
    PriorityQueue<Flight> flying = new PriorityQueue<>((a, b) -> Double.compare(a.end(), b.end()));
    boolean[] promoted = new boolean[2];
    long[] atFinish = new long[2];
    long[] byEpoch = new long[2];
    double now = 0;
    for (int pair = 0; pair < 3_000; pair++) {
      if (flying.size() == 64) {
        Flight done = flying.remove();
        now = done.end();
        int outcome = done.slow() ? 1 : 0;
        atFinish[outcome]++;
        promoted[0] |= promote.crosses(threshold, atFinish);
        epochs.finish(done.ticket(), outcome(outcome));
        epochs.collect(
            (epoch, counts) -> {
              Arrays.setAll(byEpoch, i -> byEpoch[i] + counts[i]);
              promoted[1] |= promote.crosses(threshold, byEpoch);
            });
      }
      double ratio = Math.exp(noise * random.nextGaussian());
      double live = Math.exp(random.nextGaussian()); // requests are not equally hard
      flying.add(new Flight(now + 1.1 * ratio * live, epochs.start(), ratio > 1));
    }
    return promoted;
  }

  @Test
  void promotion_countedAtFinish_isBiasedAndByEpochIsNot() {
    int runs = 600;
    for (double noise : new double[] {.3, 1}) {
      double[] share = falsePromotions(noise, runs);
      System.out.printf(
          "64 in flight, seeds 0 to %d, noise %.1f: promoted wrongly %.3f at finish, %.3f by epoch%n",
          runs - 1, noise, share[0], share[1]);
      double limit = .05 + 3 * Math.sqrt(.05 * .95 / runs);
      if (noise == 1) {
        assertThat(share[0]).isGreaterThan(limit);
      }
      assertThat(share[1]).isLessThanOrEqualTo(limit);
    }
  }
}
