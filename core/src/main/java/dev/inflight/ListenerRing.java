package dev.inflight;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Between the calls of a slot and its listeners: a bounded ring that calls fill without waiting and
 * one thread of the process empties.
 *
 * <p>Invariant: {@code head <= tail <= head + CAPACITY}; a producer owns cell {@code tail} once its
 * CAS moved the tail, the consumer owns every cell that is not null at the head. A full ring drops,
 * and counts what it dropped.
 */
final class ListenerRing {
  private static final Logger log = LoggerFactory.getLogger(ListenerRing.class);

  /** A thousandth of a second of the fastest calls; 32 kB. */
  private static final int CAPACITY = 4096;

  private static final List<ListenerRing> RINGS = new CopyOnWriteArrayList<>();
  private static volatile boolean asleep;
  private static @Nullable Thread thread;

  private final List<InferenceListener> listeners = new CopyOnWriteArrayList<>();
  private final List<InferenceListener> complained = new CopyOnWriteArrayList<>();
  private final AtomicReferenceArray<@Nullable Consumer<InferenceListener>> cells =
      new AtomicReferenceArray<>(CAPACITY);
  private final AtomicLong tail = new AtomicLong();
  private final AtomicLong dropped = new AtomicLong();
  private final AtomicLong head = new AtomicLong();
  private volatile boolean active;

  boolean isActive() {
    return active;
  }

  AutoCloseable add(InferenceListener listener) {
    listeners.add(listener);
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

  void predicted(ModelInfo model, int rows, long queueNanos, long runNanos) {
    offer(listener -> listener.onPredicted(model, rows, queueNanos, runNanos));
  }

  void failed(ModelInfo model, InferenceException failure) {
    offer(listener -> listener.onFailed(model, failure));
  }

  private void offer(Consumer<InferenceListener> event) {
    while (true) {
      long at = tail.get();
      if (at - head.get() >= CAPACITY) {
        dropped.incrementAndGet();
        return;
      }
      if (tail.compareAndSet(at, at + 1)) {
        cells.set((int) (at % CAPACITY), event);
        if (asleep) {
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
    Consumer<InferenceListener> event;
    while ((event = cells.get((int) (head.get() % CAPACITY))) != null) {
      cells.set((int) (head.get() % CAPACITY), null);
      head.setRelease(head.get() + 1); // one consumer
      deliver(event);
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
    }
  }

  private static void deliverAll() {
    while (true) {
      if (drainAll()) {
        continue;
      }
      asleep = true;
      // Dekker: a producer that filled a cell before this look is seen now; one after it sees
      // asleep.
      if (!drainAll()) {
        LockSupport.park();
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
