package dev.inflight;

import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executor;
import java.util.concurrent.ForkJoinPool;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How many rows run at once in this process, and on what. Shared by all models; one lane per core
 * is right, because a native run keeps its core busy.
 */
public final class Lanes implements AutoCloseable {
  /*
   * Design. A caller that finds a free lane and nobody waiting runs its own row on its own thread. Otherwise the row waits
   * in one FIFO queue that only lane threads serve. inside counts blocking callers, woken ones included: without it,
   * newcomers overtake the woken for a whole scheduler slice and the tail grows a hundredfold. Bounds are checked before a
   * call is queued; whoever takes a call out of the queue, a lane or a caller that gives up, gives its share back.
   */

  /** The most rows that wait; enough for a burst, short enough to be answered in time. */
  static final int QUEUE_ROWS = 1024;

  /** The most bytes that wait. */
  static final long QUEUE_BYTES = 64L << 20;

  private static final AtomicInteger INSTANCES = new AtomicInteger();

  private final Lane[] lanes;
  private final int id = INSTANCES.getAndIncrement();
  private final boolean shared;
  private final int maxRows;
  private final long maxBytes;
  private final Executor completions;
  private final ConcurrentLinkedQueue<Call<?, ?>> queue = new ConcurrentLinkedQueue<>();
  private final AtomicInteger rows = new AtomicInteger();
  private final AtomicLong bytes = new AtomicLong();
  private final AtomicInteger inside = new AtomicInteger();
  private volatile boolean closed;

  private static final class Shared {
    static final Lanes INSTANCE =
        new Lanes(
            Runtime.getRuntime().availableProcessors(),
            true,
            QUEUE_ROWS,
            QUEUE_BYTES,
            ForkJoinPool.commonPool());
  }

  Lanes(int n, boolean shared, int maxRows, long maxBytes, Executor completions) {
    this.shared = shared;
    this.maxRows = maxRows;
    this.maxBytes = maxBytes;
    this.completions = completions;
    lanes = new Lane[n];
    for (int i = 0; i < n; i++) {
      lanes[i] = new Lane(this, i);
    }
  }

  /** {@return the lanes of this process, one per core; never closed} */
  public static Lanes shared() {
    return Shared.INSTANCE;
  }

  /**
   * {@return {@code n} lanes of their own}
   *
   * @throws IllegalArgumentException if {@code n} is not positive
   */
  public static Lanes of(int n) {
    if (n <= 0) {
      throw new IllegalArgumentException("lanes: expected at least 1, got " + n);
    }
    return new Lanes(n, false, QUEUE_ROWS, QUEUE_BYTES, ForkJoinPool.commonPool());
  }

  /** {@return how many rows run at once} */
  public int size() {
    return lanes.length;
  }

  /**
   * Ends the lane threads once the queue is empty. Close the slots that use these lanes first.
   *
   * @throws IllegalStateException for the {@linkplain #shared() shared} lanes
   */
  @Override
  public void close() {
    if (shared) {
      throw new IllegalStateException("the shared lanes are never closed");
    }
    closed = true;
    for (Lane lane : lanes) {
      lane.stop();
    }
  }

  /**
   * {@return what {@code work} returns} Runs it on the calling thread with a lane of its own: for
   * the tests and benchmarks of backends.
   *
   * @throws IllegalStateException if every lane is taken
   */
  public <T> T use(Function<? super Lane, ? extends T> work) {
    for (Lane lane : lanes) {
      if (lane.tryEnter()) {
        try {
          return work.apply(lane);
        } finally {
          exitUncounted(lane);
        }
      }
    }
    throw new IllegalStateException("expected a free lane, all " + lanes.length + " are taken");
  }

  private void exitUncounted(Lane lane) {
    lane.leave();
    if (!queue.isEmpty()) {
      kick();
    }
  }

  boolean isClosed() {
    return closed;
  }

  long firstCallId() {
    return (long) id << 52;
  }

  Executor completions() {
    return completions;
  }

  /**
   * A lane for a blocking caller that comes now, or null if it has to wait its turn; pairs with
   * {@link #exit}.
   */
  @Nullable Lane enter() {
    if (inside.incrementAndGet() <= lanes.length && queue.isEmpty()) {
      int start = (int) Thread.currentThread().getId();
      for (int i = 0; i < lanes.length; i++) {
        Lane lane = lanes[Math.floorMod(start + i, lanes.length)];
        if (lane.tryEnter()) {
          return lane;
        }
      }
    }
    return null;
  }

  /** The blocking caller is done; {@code lane} is what {@link #enter} gave. */
  void exit(@Nullable Lane lane) {
    if (lane != null) {
      exitUncounted(lane);
    }
    inside.decrementAndGet();
  }

  /**
   * @throws OverloadedException if the call is {@code bounded} and there is no room
   * @throws IllegalStateException if this thread would wait for a lane while it holds one
   */
  void enqueue(Call<?, ?> call, boolean bounded) {
    if (closed) {
      throw new IllegalStateException("the lanes are closed");
    }
    if (call.isBlocking()) {
      requireNoLane(call);
    }
    int depth = rows.getAndAdd(call.size());
    long load = bytes.getAndAdd(call.bytes());
    if (bounded && (depth + call.size() > maxRows || load + call.bytes() > maxBytes)) {
      giveBack(call);
      throw depth + call.size() > maxRows
          ? new OverloadedException(call.label(), "rows", depth, maxRows)
          : new OverloadedException(call.label(), "bytes", load, maxBytes);
    }
    queue.add(call);
    kick();
  }

  private void requireNoLane(Call<?, ?> call) {
    for (Lane lane : lanes) {
      if (lane.isOwnedByCurrentThread()) {
        throw new IllegalStateException(
            "call to "
                + call.label()
                + " from inside a codec or model that holds lane "
                + lane.index()
                + ": it would wait for itself; use submit, or other lanes");
      }
    }
  }

  private void kick() {
    for (Lane lane : lanes) {
      if (lane.tryEnter()) {
        lane.handToThread();
        return;
      }
    }
  }

  @Nullable Call<?, ?> poll() {
    Call<?, ?> call = queue.poll();
    if (call != null) {
      giveBack(call);
    }
    return call;
  }

  boolean hasQueued() {
    return !queue.isEmpty();
  }

  /** Takes a call that was given up out of the queue, if no lane has done so. */
  void remove(Call<?, ?> call) {
    if (queue.remove(call)) {
      giveBack(call);
    }
  }

  private void giveBack(Call<?, ?> call) {
    rows.addAndGet(-call.size());
    bytes.addAndGet(-call.bytes());
  }

  int queuedRows() {
    return rows.get();
  }

  boolean isHeld(Version<?, ?> version) {
    for (Lane lane : lanes) {
      if (lane.held == version) {
        return true;
      }
    }
    return false;
  }
}
