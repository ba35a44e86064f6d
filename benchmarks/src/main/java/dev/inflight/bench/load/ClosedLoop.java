package dev.inflight.bench.load;

import dev.inflight.bench.model.BenchModel;
import dev.inflight.bench.model.Cycle;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/** A fixed number of callers, each of whom asks again as soon as it has its answer. */
public final class ClosedLoop {
  private static final long END_SECONDS = 60;

  private final BenchModel model;
  private final int callers;
  private final long warmupMillis;
  private final long measureMillis;
  private final List<Histogram> histograms = new ArrayList<>();
  private final AtomicReference<@Nullable Throwable> failure = new AtomicReference<>();
  private final CountDownLatch ended;
  private volatile boolean measuring;
  private volatile boolean stopped;

  private ClosedLoop(BenchModel model, int callers, long warmupMillis, long measureMillis) {
    this.model = model;
    this.callers = callers;
    this.warmupMillis = warmupMillis;
    this.measureMillis = measureMillis;
    ended = new CountDownLatch(callers);
    for (int i = 0; i < callers; i++) {
      histograms.add(Round.histogram());
    }
  }

  /** What a caller is. */
  public enum Kind {
    /** A platform thread that waits. */
    BLOCKING,
    /** A continuation that submits again. */
    ASYNC,
    /** A virtual thread that waits. */
    VIRTUAL
  }

  /** {@return what one round of that many callers gave} */
  public static Round run(
      Target target,
      BenchModel model,
      Kind kind,
      int callers,
      long warmupMillis,
      long measureMillis)
      throws Exception {
    return new ClosedLoop(model, callers, warmupMillis, measureMillis).run(target, kind);
  }

  private Round run(Target target, Kind kind) throws Exception {
    for (int i = 0; i < callers; i++) {
      Cycle<float[]> rows = new Cycle<>(model.rows(), i * 37);
      if (kind == Kind.ASYNC) {
        new Chain(target, rows, histograms.get(i)).next();
      } else {
        start(kind, target.newCaller(), rows, histograms.get(i));
      }
    }
    TimeUnit.MILLISECONDS.sleep(warmupMillis);
    ProcessorTime before = ProcessorTime.now();
    measuring = true;
    TimeUnit.MILLISECONDS.sleep(measureMillis);
    measuring = false;
    ProcessorTime after = ProcessorTime.now();
    stopped = true;
    if (!ended.await(END_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException("callers do not end");
    }
    Throwable problem = failure.get();
    if (problem != null) {
      throw new IllegalStateException("a call failed", problem);
    }
    Histogram all = Round.histogram();
    histograms.forEach(all::add);
    double seconds = (after.wall() - before.wall()) / 1e9;
    return Round.of(seconds, all.getTotalCount(), all, before, after, 0, 0);
  }

  private void start(Kind kind, Target.Caller caller, Cycle<float[]> rows, Histogram histogram) {
    Runnable work = () -> loop(caller, rows, histogram);
    if (kind == Kind.VIRTUAL) {
      VirtualThreads.start(work);
    } else {
      Thread thread = new Thread(work, "bench-caller");
      thread.setDaemon(true);
      thread.start();
    }
  }

  private void loop(Target.Caller caller, Cycle<float[]> rows, Histogram histogram) {
    try {
      while (!stopped) {
        long start = System.nanoTime();
        caller.call(rows.next());
        if (measuring) {
          Round.record(histogram, System.nanoTime() - start);
        }
      }
    } catch (Throwable e) {
      failure.compareAndSet(null, e);
    } finally {
      caller.close();
      ended.countDown();
    }
  }

  /** One asynchronous caller; its fields pass from thread to thread with the completion. */
  private final class Chain implements Target.Completion {
    private final Target target;
    private final Cycle<float[]> rows;
    private final Histogram histogram;
    private long start;

    Chain(Target target, Cycle<float[]> rows, Histogram histogram) {
      this.target = target;
      this.rows = rows;
      this.histogram = histogram;
    }

    void next() {
      start = System.nanoTime();
      target.submit(rows.next(), this);
    }

    @Override
    public void done(@Nullable Throwable problem) {
      if (measuring) {
        Round.record(histogram, System.nanoTime() - start);
      }
      boolean over = stopped;
      if (problem != null) {
        failure.compareAndSet(null, problem);
        over = true;
      }
      if (!over) {
        try {
          next();
          return;
        } catch (RuntimeException e) {
          failure.compareAndSet(null, e);
        }
      }
      ended.countDown();
    }
  }
}
