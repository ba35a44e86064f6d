package dev.inflight.bench.load;

import dev.inflight.bench.model.BenchModel;
import dev.inflight.bench.model.Cycle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Calls that come when they come, whether or not earlier ones were answered; latency counts from
 * the moment that the schedule says, so a stall is paid by every call that came meanwhile.
 */
public final class OpenLoop {
  private static final long REFUSED = -1;
  private static final long OPEN = -2;
  private static final long DRAIN_NANOS = 10_000_000_000L;
  private static final long LEAD_NANOS = 2_000_000;

  private final Schedule schedule;
  private final long[] latency;
  private final AtomicInteger ended = new AtomicInteger();
  private final Histogram late = Round.histogram();

  private OpenLoop(Schedule schedule) {
    this.schedule = schedule;
    latency = new long[schedule.size()];
    java.util.Arrays.fill(latency, OPEN);
  }

  /**
   * {@return one round} Arrivals before {@code warmupNanos} do not count. The rate is that of
   * answers inside the measured time; a call that is still open 10 s after the last arrival counts
   * with the time it has waited.
   */
  public static Round run(Target target, BenchModel model, Schedule schedule, long warmupNanos) {
    return new OpenLoop(schedule).run(target, new Cycle<>(model.rows()), warmupNanos);
  }

  private Round run(Target target, Cycle<float[]> rows, long warmup) {
    long start = System.nanoTime() + LEAD_NANOS;
    ProcessorTime before = ProcessorTime.now();
    boolean measuring = false;
    int n = schedule.size();
    for (int i = 0; i < n; i++) {
      if (!measuring && schedule.due(i) >= warmup) {
        measuring = true;
        before = ProcessorTime.now();
      }
      long due = start + schedule.due(i);
      sleepUntil(due);
      if (measuring) {
        Round.record(late, System.nanoTime() - due);
      }
      submit(target, rows.next(), i, due);
    }
    ProcessorTime after = ProcessorTime.now();
    long span = after.wall() - start;
    long cap = System.nanoTime() + DRAIN_NANOS;
    while (ended.get() < n && System.nanoTime() < cap) {
      LockSupport.parkNanos(this, 1_000_000);
    }
    return round(start, warmup, span, before, after);
  }

  private void submit(Target target, float[] row, int i, long due) {
    try {
      target.submit(row, failure -> complete(i, due, failure));
    } catch (RuntimeException e) {
      complete(i, due, e);
    }
  }

  private void complete(int i, long due, @Nullable Throwable failure) {
    latency[i] = failure == null ? System.nanoTime() - due : REFUSED;
    ended.incrementAndGet();
  }

  /** Parks only: a generator that spins would take a core away from what it measures. */
  private void sleepUntil(long due) {
    long rest;
    while ((rest = due - System.nanoTime()) > 0) {
      LockSupport.parkNanos(this, rest);
    }
  }

  private Round round(
      long start, long warmup, long span, ProcessorTime before, ProcessorTime after) {
    Histogram histogram = Round.histogram();
    long now = System.nanoTime();
    int answers = 0;
    int refused = 0;
    int counted = 0;
    for (int i = 0; i < latency.length; i++) {
      long due = schedule.due(i);
      long end = latency[i] < 0 ? Long.MAX_VALUE : due + latency[i];
      if (end >= warmup && end <= span) {
        answers++;
      }
      if (due >= warmup) {
        counted++;
        if (latency[i] == REFUSED) {
          refused++;
        } else {
          Round.record(histogram, latency[i] == OPEN ? now - start - due : latency[i]);
        }
      }
    }
    return Round.of(
        (span - warmup) / 1e9,
        answers,
        histogram,
        before,
        after,
        refused / (double) Math.max(1, counted),
        Round.micros(late, 99));
  }
}
