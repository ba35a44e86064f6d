package dev.inflight;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Between the calls of a slot and its listeners: a bounded ring that calls fill without waiting and
 * one thread of the process empties.
 *
 * <p>Invariant: {@code head <= tail <= head + CAPACITY}; a producer owns the cell at {@code tail}
 * once its CAS moved the tail, the consumer owns it once {@code turn} says so, and gives it back
 * for the next round. A full ring drops, and counts what it dropped. Producers do not wake the
 * thread unless the ring is half full: it looks by itself.
 */
final class ListenerRing {
  private static final Logger log = LoggerFactory.getLogger(ListenerRing.class);

  /** Ten milliseconds of the fastest calls; 250 kB. */
  private static final int CAPACITY = 4096;

  /** How late an event may be told when few come. */
  private static final long LATEST = 10_000_000;

  /** One event; its fields belong to whose turn it is. */
  private static final class Cell {
    private volatile long turn;
    private @Nullable ModelInfo model;
    private @Nullable InferenceException failure;
    private int rows;
    private long queueNanos;
    private long runNanos;

    Cell(long turn) {
      this.turn = turn;
    }
  }

  private static final List<ListenerRing> RINGS = new CopyOnWriteArrayList<>();
  private static volatile boolean asleep;
  private static @Nullable Thread thread;

  private final List<InferenceListener> listeners = new CopyOnWriteArrayList<>();
  private final List<InferenceListener> complained = new CopyOnWriteArrayList<>();
  private volatile Cell @Nullable [] cells; // made with the first listener
  private final AtomicLong tail = new AtomicLong();
  private final AtomicLong dropped = new AtomicLong();
  private final AtomicLong head = new AtomicLong();
  private volatile boolean active;

  boolean isActive() {
    return active;
  }

  AutoCloseable add(InferenceListener listener) {
    listeners.add(listener);
    makeCells();
    if (!RINGS.contains(this)) {
      RINGS.add(this);
    }
    active = true;
    startThread();
    return () -> {
      listeners.remove(listener);
      active = !listeners.isEmpty();
    };
  }

  private synchronized void makeCells() {
    if (cells == null) {
      Cell[] made = new Cell[CAPACITY];
      for (int i = 0; i < CAPACITY; i++) {
        made[i] = new Cell(i);
      }
      cells = made;
    }
  }

  void predicted(ModelInfo model, int rows, long queueNanos, long runNanos) {
    offer(model, null, rows, queueNanos, runNanos);
  }

  void failed(ModelInfo model, InferenceException failure) {
    offer(model, failure, 0, 0, 0);
  }

  private void offer(
      ModelInfo model,
      @Nullable InferenceException failure,
      int rows,
      long queueNanos,
      long runNanos) {
    Cell[] ring = cells;
    if (ring == null) {
      return;
    }
    while (true) {
      long at = tail.get();
      Cell cell = ring[(int) (at & (CAPACITY - 1))];
      long turn = cell.turn;
      if (turn < at) { // still the consumer's, of the round before
        dropped.incrementAndGet();
        return;
      }
      if (turn == at && tail.compareAndSet(at, at + 1)) {
        cell.model = model;
        cell.failure = failure;
        cell.rows = rows;
        cell.queueNanos = queueNanos;
        cell.runNanos = runNanos;
        cell.turn = at + 1;
        if ((at & (CAPACITY / 2 - 1)) == 0 && asleep) {
          LockSupport.unpark(thread);
        }
        return;
      }
    }
  }

  /** What is in the ring is still delivered. */
  void close() {
    active = false;
    if (head.get() == tail.get()) {
      RINGS.remove(this);
    }
  }

  /** On the listener thread. */
  private boolean drain() {
    boolean any = false;
    Cell[] ring = cells;
    while (ring != null) {
      long at = head.get();
      Cell cell = ring[(int) (at & (CAPACITY - 1))];
      ModelInfo model = cell.turn == at + 1 ? cell.model : null;
      if (model == null) {
        break;
      }
      InferenceException failure = cell.failure;
      int rows = cell.rows;
      long queueNanos = cell.queueNanos;
      long runNanos = cell.runNanos;
      cell.model = null;
      cell.failure = null;
      head.setRelease(at + 1); // one consumer
      cell.turn = at + CAPACITY;
      if (failure == null) {
        deliver(listener -> listener.onPredicted(model, rows, queueNanos, runNanos));
      } else {
        deliver(listener -> listener.onFailed(model, failure));
      }
      any = true;
    }
    long lost = dropped.getAndSet(0);
    if (lost > 0) {
      deliver(listener -> listener.onDropped(lost));
    }
    if (!active && head.get() == tail.get()) {
      RINGS.remove(this);
    }
    return any;
  }

  private void deliver(Consumer<InferenceListener> event) {
    for (InferenceListener listener : listeners) {
      try {
        event.accept(listener);
      } catch (Throwable e) {
        if (!complained.contains(listener)) {
          complained.add(listener);
          log.warn(
              "listener {} threw; it goes on being called, further failures are not logged",
              listener.getClass(),
              e);
        }
      }
    }
  }

  private static synchronized void startThread() {
    if (thread == null) {
      thread = Background.named("inflight-listener").newThread(ListenerRing::deliverAll);
      thread.start();
    } else {
      LockSupport.unpark(thread);
    }
  }

  private static void deliverAll() {
    long pause = LATEST / 16;
    while (true) {
      if (drainAll()) {
        pause = LATEST / 16;
        continue;
      }
      asleep = true;
      if (RINGS.isEmpty()) {
        LockSupport.park(); // add() wakes it
      } else {
        LockSupport.parkNanos(pause);
        pause = Math.min(LATEST, 2 * pause);
      }
      asleep = false;
    }
  }

  private static boolean drainAll() {
    boolean any = false;
    for (ListenerRing ring : RINGS) {
      any |= ring.drain();
    }
    return any;
  }
}
