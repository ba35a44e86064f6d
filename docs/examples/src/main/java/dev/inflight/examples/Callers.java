package dev.inflight.examples;

import dev.inflight.CallOptions;
import dev.inflight.Prediction;
import dev.inflight.Predictor;
import dev.inflight.repository.Versions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import org.HdrHistogram.Histogram;

/**
 * Threads that predict without pause, and what they saw.
 *
 * @param <I> a row
 * @param <O> an answer
 */
final class Callers<I, O> {
  private final Predictor<I, O> predictor;
  private final List<I> rows;
  private final List<Thread> threads = new ArrayList<>();
  private final List<Seen> seen = new ArrayList<>();
  private final AtomicLong calls = new AtomicLong();
  private volatile int phase;
  private volatile boolean stopped;

  /** One thread's notes: nobody else looks before it has ended. */
  private static final class Seen {
    final Map<String, Long> byVersion = new TreeMap<>();
    final Histogram[] latency = {histogram(), histogram(), histogram()};
    long failures;
    long backwards;
    String version = "";
  }

  Callers(Predictor<I, O> predictor, List<I> rows, int n) {
    this.predictor = predictor;
    this.rows = rows;
    for (int i = 0; i < n; i++) {
      Seen mine = new Seen();
      seen.add(mine);
      Thread thread = new Thread(() -> call(mine), "caller-" + i);
      thread.setDaemon(true);
      threads.add(thread);
    }
  }

  private static Histogram histogram() {
    return new Histogram(60_000_000_000L, 3);
  }

  void start() {
    threads.forEach(Thread::start);
  }

  /** 0 before, 1 during, 2 after the swap. */
  void phase(int next) {
    phase = next;
  }

  long calls() {
    return calls.get();
  }

  void stop() throws InterruptedException {
    stopped = true;
    for (Thread thread : threads) {
      thread.join();
    }
  }

  private void call(Seen mine) {
    for (int i = 0; !stopped; i++) {
      I row = rows.get(i % rows.size());
      int now = phase;
      long begin = System.nanoTime();
      try {
        Prediction<O> prediction = predictor.call(row, CallOptions.defaults());
        mine.latency[now].recordValue(System.nanoTime() - begin);
        String version = prediction.model().version();
        mine.byVersion.merge(version, 1L, Long::sum);
        if (!version.equals(mine.version)) {
          boolean first = mine.version.isEmpty();
          mine.backwards += !first && Versions.compare(version, mine.version) < 0 ? 1 : 0;
          mine.version = version;
        }
      } catch (RuntimeException e) {
        mine.failures++;
      }
      if (i % 1000 == 0) {
        calls.addAndGet(1000);
      }
    }
  }

  /** After {@link #stop}. */
  Map<String, Long> byVersion() {
    Map<String, Long> sum = new TreeMap<>();
    seen.forEach(one -> one.byVersion.forEach((version, n) -> sum.merge(version, n, Long::sum)));
    return sum;
  }

  /** After {@link #stop}. */
  long failures() {
    return seen.stream().mapToLong(one -> one.failures).sum();
  }

  /** After {@link #stop}. */
  long backwards() {
    return seen.stream().mapToLong(one -> one.backwards).sum();
  }

  /** After {@link #stop}. */
  Histogram latency(int which) {
    Histogram sum = histogram();
    seen.forEach(one -> sum.add(one.latency[which]));
    return sum;
  }
}
