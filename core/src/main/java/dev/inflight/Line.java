package dev.inflight;

import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The calls of one slot that wait for a lane, within bounds.
 *
 * <p>Invariant: {@code rows} and {@code bytes} count the calls that were accepted and not yet taken
 * or given up, and neither exceeds its bound for a call that may be refused. Lists, {@code running}
 * and {@code served} belong to the dispatcher's lock.
 */
final class Line<I, O> {
  /** In so many runs at least one starts with what has low priority. */
  private static final int LOW_SHARE = 8;

  /** A call of so many rows shares its hand-off among them. */
  static final int CHUNK = 16;

  /** How far behind the first row another one of its shape is looked for. */
  private static final int LOOK_AHEAD = 1024;

  private final ModelSlot<I, O> slot;
  private final Dispatcher dispatcher;
  private final @Nullable Bulkhead bulkhead;
  private final Batching batching;
  private final BatchingRule rule;
  private final AtomicInteger rows = new AtomicInteger();
  private final AtomicInteger lowRows = new AtomicInteger();
  private final AtomicLong bytes = new AtomicLong();

  private final CallList<I, O> normal = new CallList<>();
  private final CallList<I, O> low = new CallList<>();
  private int runsWithoutLow;
  private int running;
  private int runningRows;
  private long runningUntil;
  private double served;

  Line(ModelSlot<I, O> slot, Lanes lanes, Batching batching) {
    this.slot = slot;
    this.dispatcher = lanes.dispatcher();
    this.bulkhead = lanes.bulkhead();
    this.batching = batching;
    rule = new BatchingRule(batching, lanes.size(), HandOff.MEASURED);
  }

  ModelSlot<I, O> slot() {
    return slot;
  }

  BatchingRule rule() {
    return rule;
  }

  Batching batching() {
    return batching;
  }

  @Nullable Bulkhead bulkhead() {
    return bulkhead;
  }

  String label() {
    return slot.label();
  }

  long nanos() {
    return dispatcher.nanos();
  }

  Completions completions() {
    return dispatcher.completions();
  }

  Future<?> after(long nanos, Runnable task) {
    return dispatcher.after(nanos, task);
  }

  /** Rows that wait. */
  int waiting() {
    return rows.get();
  }

  /**
   * Takes the call in and sees that a lane looks at it.
   *
   * @throws OverloadedException if it is {@code bounded} and there is no room, or no hope
   * @throws IllegalStateException if this thread would wait for a lane while it holds one
   */
  void enter(Call<I, O> call, boolean bounded) {
    dispatcher.requireOpen(call);
    int depth = rows.getAndAdd(call.size());
    long load = call.bytes() == 0 ? 0 : bytes.getAndAdd(call.bytes());
    if (isLow(call)) {
      lowRows.addAndGet(call.size());
    }
    if (bounded) {
      OverloadedException refusal = refusal(call, depth, load);
      if (refusal != null) {
        leave(call);
        throw refusal;
      }
    }
    dispatcher.enqueue(call);
  }

  /** What is alone in the queue always fits: it would never fit later. */
  private @Nullable OverloadedException refusal(Call<I, O> call, int depth, long load) {
    if (depth > 0 && depth + call.size() > batching.queueRows()) {
      return new OverloadedException(label(), "rows", depth, batching.queueRows());
    }
    if (load > 0 && load + call.bytes() > batching.queueBytes()) {
      return new OverloadedException(label(), "bytes", load, batching.queueBytes());
    }
    // Alone it is let in: were nothing to run, nothing could show that the model is faster now.
    if (depth > 0 && call.options().timeout().isPresent()) {
      long timeout = call.options().timeout().get().toNanos();
      int ahead = isLow(call) ? depth : Math.max(0, depth - lowRows.get());
      double expected = rule.nanosUntilAnswer(ahead + call.size(), call.size());
      if (expected > timeout) {
        return OverloadedException.late(label(), timeout, expected, depth, rule.report());
      }
    }
    return null;
  }

  /** The call waits no more: its share of the bounds is free. */
  void leave(Call<I, O> call) {
    leave(call.size(), call.bytes(), isLow(call) ? call.size() : 0);
  }

  void leave(Taken taken) {
    leave(taken.rows, taken.bytes, taken.lowRows);
  }

  private void leave(int goneRows, long goneBytes, int goneLow) {
    rows.addAndGet(-goneRows);
    if (goneBytes != 0) {
      bytes.addAndGet(-goneBytes);
    }
    if (goneLow != 0) {
      lowRows.addAndGet(-goneLow);
    }
  }

  /** What a lane took of the bounds' shares, to give it back at once. */
  static final class Taken {
    private int rows;
    private long bytes;
    private int lowRows;

    void add(Call<?, ?> call) {
      rows += call.size();
      bytes += call.bytes();
      lowRows += isLow(call) ? call.size() : 0;
    }
  }

  private static boolean isLow(Call<?, ?> call) {
    return call.options().priority() == Priority.LOW;
  }

  /** Takes a call that was given up out of whatever list it is in. */
  void forget(Call<I, O> call) {
    dispatcher.forget(call);
  }

  /** A sampled run of a caller's own row. */
  void ranDirectly(Version<I, O> version, I row, long nanos, long now) {
    int rows = version.rows(row);
    if (rows == 1) {
      rule.observeOwn(version.cost(), nanos, now);
    } else {
      rule.observe(version.cost(), rows, nanos, now);
    }
    int stands = rule.isProbingDirect() ? 1 : Lane.sampled();
    rule.ranDirectly(stands, stands * nanos, now);
  }

  // Below: under the dispatcher's lock.

  void add(Call<I, O> call) {
    (isLow(call) ? low : normal).add(call);
  }

  boolean isEmpty() {
    return normal.isEmpty() && low.isEmpty();
  }

  int listedRows() {
    return normal.rows() + low.rows();
  }

  int runningRows() {
    return runningRows;
  }

  double served() {
    return served;
  }

  /** A line that was idle must not come back with the time it did not use. */
  void rejoin(double clock) {
    served = Math.max(served, clock);
  }

  /** When the oldest call came; the line is not empty. */
  long oldest() {
    Call<I, O> a = normal.first();
    Call<I, O> b = low.first();
    if (a == null || b == null) {
      return a == null ? java.util.Objects.requireNonNull(b).start() : a.start();
    }
    return a.start() - b.start() < 0 ? a.start() : b.start();
  }

  /** Nanoseconds until the oldest row has waited long enough for company; 0 or less if it has. */
  long nanosUntilDue(long now) {
    long delay = delayNanos();
    if (delay == 0 || listedRows() >= cap() || slot.isClosed()) {
      return 0;
    }
    return oldest() + delay - now;
  }

  /** Where hand-offs are the bottleneck a second lane only makes batches smaller. */
  boolean mayRun(long now) {
    return running == 0
        || !isOneLane()
        || Math.abs(runningUntil - now) > BatchingRule.ONE_LANE_PATIENCE; // long, or overdue
  }

  boolean isOneLane() {
    return isOneLane(normal.first()) && isOneLane(low.first());
  }

  /** Whether the call costs a hand-off for few rows; a chunk shares it, a future has none. */
  boolean isOneLane(@Nullable Call<?, ?> call) {
    return rule.isOneLane() && (call == null || (call.isBlocking() && call.size() < CHUNK));
  }

  private int cap() {
    Version<I, O> version = slot.current();
    if (version == null) {
      return rule.cap();
    }
    try {
      return Math.min(rule.cap(), version.maxBatch());
    } catch (RuntimeException | Error e) {
      return 1; // a backend's bug must not end the lane
    }
  }

  /** The rows of the next run, oldest first, at most {@code most}; empty if all were given up. */
  Batch<I, O> take(long now, int most) {
    Batch<I, O> batch = new Batch<>(this);
    Version<I, O> version = slot.current();
    int room = even(Math.min(Math.min(most, cap()), listedRows()));
    Taken taken = new Taken();
    boolean lowFirst = !low.isEmpty() && runsWithoutLow >= LOW_SHARE - 1;
    int lowBefore = low.size();
    fill(batch, lowFirst ? low : normal, version, taken, room, now);
    fill(batch, lowFirst ? normal : low, version, taken, room, now);
    leave(taken);
    batch.release(reason(batch, room, now));
    runsWithoutLow = low.isEmpty() || low.size() < lowBefore ? 0 : runsWithoutLow + 1;
    return batch;
  }

  private Release reason(Batch<I, O> batch, int room, long now) {
    if (batch.rows() >= room && !isEmpty()) {
      return Release.FULL;
    }
    boolean late = !batch.isEmpty() && now - batch.calls().get(0).start() >= delayNanos();
    return late && delayNanos() > 0 ? Release.DELAY : Release.LANE;
  }

  private long delayNanos() {
    return batching.maxDelay().toNanos();
  }

  /**
   * The next smaller of some thirty sizes, none an eighth apart from the next: a runtime prepares
   * each size once, and runs of ever new sizes cost twice as much.
   */
  static int even(int rows) {
    int step = Math.max(1, Integer.highestOneBit(rows) / 8);
    return rows / step * step;
  }

  private void fill(
      Batch<I, O> batch,
      CallList<I, O> list,
      @Nullable Version<I, O> version,
      Taken taken,
      int room,
      long now) {
    Call<I, O> call = list.first();
    for (int i = 0; call != null && i < LOOK_AHEAD && batch.rows() < room; i++) {
      Call<I, O> next = call.next;
      if (batch.isEmpty() || fits(batch, call, version)) {
        if (!batch.isEmpty() && batch.rows() + call.size() > room) {
          return; // in order: what does not fit comes first next time
        }
        list.remove(call);
        if (call.take(batch, taken, now)) {
          batch.add(call);
        }
      }
      call = next;
    }
  }

  private static <I, O> boolean fits(
      Batch<I, O> batch, Call<I, O> call, @Nullable Version<I, O> version) {
    Call<I, O> first = batch.calls().get(0);
    if (first.pinned() != call.pinned() || version == null) {
      return first.pinned() == call.pinned();
    }
    try {
      return version.model().batchesWith(first.rows().get(0), call.rows().get(0));
    } catch (RuntimeException | Error e) {
      return false; // a row of another version's kind, or a bug; alone it gets its own answer
    }
  }

  void begin(Batch<I, O> batch, long now) {
    double nanos = rule.line().nanos(batch.rows());
    batch.begin(now, nanos);
    running++;
    runningRows += batch.rows();
    runningUntil = now + (long) nanos;
    served += nanos;
  }

  /** The batch has run; what it took is charged, up to {@code most} in all. */
  void settle(Batch<?, ?> batch, long now, double most) {
    running--;
    runningRows -= batch.rows();
    long took = now - batch.begun();
    served = Math.min(most, served + took - batch.charged());
    rule.served(batch.rows(), took, now);
  }
}
