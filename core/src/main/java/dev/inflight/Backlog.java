package dev.inflight;

import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The lines that have rows waiting, and which of them goes next: the one that has used least lane
 * time, so that models share the lanes fairly whatever their runs cost.
 *
 * <p>Invariant: every line that is not empty is in {@code active}; all of it belongs to the
 * dispatcher's lock.
 */
final class Backlog {
  /**
   * A line is never further behind the others than this, in nanoseconds: a run that hung for an
   * hour must not keep its model waiting for another one.
   */
  private static final double MAX_DEBT = 100e6;

  private final int lanes;
  private final List<Line<?, ?>> active = new ArrayList<>();
  private double clock; // what the line that went last had used
  private int waiting;
  private int takeable;
  private long soonest;

  Backlog(int lanes) {
    this.lanes = lanes;
  }

  <I, O> void add(Call<I, O> call) {
    Line<I, O> line = call.line();
    if (line.isEmpty()) {
      line.rejoin(clock);
      if (!active.contains(line)) {
        active.add(line);
      }
    }
    line.add(call);
  }

  <I, O> void remove(Call<I, O> call) {
    CallList<I, O> list = call.list;
    if (list != null) {
      list.remove(call);
    }
  }

  /** The run is over: its line has used what it took. */
  void settle(Batch<?, ?> done, long now) {
    Line<?, ?> line = done.line();
    line.settle(done, now, clock + MAX_DEBT);
    Bulkhead bulkhead = line.bulkhead();
    if (bulkhead != null) {
      bulkhead.leave(); // the lane that settles looks for who starved
    }
  }

  /** The next run, begun; null if there is none for one more lane. */
  @Nullable Batch<?, ?> pick(long now) {
    while (true) {
      Line<?, ?> best = null;
      for (int i = active.size() - 1; i >= 0; i--) {
        Line<?, ?> line = active.get(i);
        if (line.isEmpty()) {
          active.remove(i);
        } else if (isRunnable(line, now) && (best == null || goesBefore(line, best))) {
          best = line;
        }
      }
      if (best == null) {
        return null;
      }
      Bulkhead bulkhead = best.bulkhead();
      if (bulkhead != null && !bulkhead.tryEnter()) {
        continue; // a caller was quicker; isRunnable says so next time
      }
      Batch<?, ?> batch = take(best, now);
      if (batch != null) {
        return batch;
      }
      if (bulkhead != null) {
        bulkhead.leave();
      }
    }
  }

  private static boolean isRunnable(Line<?, ?> line, long now) {
    Bulkhead bulkhead = line.bulkhead();
    return line.nanosUntilDue(now) <= 0
        && line.mayRun(now)
        && (bulkhead == null || !bulkhead.starves());
  }

  private static boolean goesBefore(Line<?, ?> line, Line<?, ?> other) {
    return line.served() < other.served()
        || (line.served() == other.served() && line.oldest() - other.oldest() < 0);
  }

  private <I, O> @Nullable Batch<I, O> take(Line<I, O> line, long now) {
    Batch<I, O> batch = line.take(now, share(line));
    if (batch.isEmpty()) {
      return null;
    }
    clock = Math.max(clock, line.served());
    line.begin(batch, now);
    return batch;
  }

  /**
   * This lane's part of what waits and runs, where rows are worth a wake-up of another one or that
   * one is awake: lanes with equal batches are done in turn, while one that took everything would
   * leave the others idle until its callers come back.
   */
  private int share(Line<?, ?> line) {
    BatchingRule rule = line.rule();
    if (line.isOneLane() || !rule.line().known()) {
      return Integer.MAX_VALUE;
    }
    int part = (line.listedRows() + line.runningRows() + lanes - 1) / lanes;
    long wakeUp = part < Line.CHUNK ? 2 * BatchingRule.WAKE_UP : BatchingRule.WAKE_UP / 2;
    return line.runningRows() > 0 || rule.line().row() * part > wakeUp ? part : Integer.MAX_VALUE;
  }

  /** Counts anew; the results stand until the next count. */
  void count(long now) {
    waiting = 0;
    takeable = 0;
    soonest = Long.MAX_VALUE;
    for (int i = 0; i < active.size(); i++) {
      Line<?, ?> line = active.get(i);
      if (line.isEmpty()) {
        continue;
      }
      long due = line.nanosUntilDue(now);
      Bulkhead bulkhead = line.bulkhead();
      if (due > 0) {
        soonest = Math.min(soonest, due);
      } else if (bulkhead == null || !bulkhead.starves()) {
        waiting += line.listedRows();
        takeable += line.mayRun(now) ? line.listedRows() : 0;
      }
    }
  }

  /** Rows that newcomers must not overtake. */
  int waiting() {
    return waiting;
  }

  /** Those of them that one more lane could take. */
  int takeable() {
    return takeable;
  }

  /** Nanoseconds until rows that wait for company have waited enough; MAX_VALUE if none do. */
  long soonest() {
    return soonest;
  }
}
