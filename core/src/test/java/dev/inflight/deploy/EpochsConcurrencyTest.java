package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
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

/** Counting by start under many threads, and a mutant that they catch. */
@Timeout(60)
class EpochsConcurrencyTest {
  private static final long SECOND = 1_000_000_000;
  private static final int THREADS = 4;
  private static final int PAIRS_PER_THREAD = 16_000;
  private static final int OUTCOMES = 7;

  private static Epochs.Finding outcome(int index) {
    return counters -> counters.add(index, 1);
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
            if (i % 4 == thread) {
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
}
