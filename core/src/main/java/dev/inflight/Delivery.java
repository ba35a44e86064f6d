package dev.inflight;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * The thread that calls the listeners of all slots.
 *
 * <p>Invariant: the one in {@code CURRENT} empties the rings, and nobody else. One that a listener
 * keeps is replaced by another that goes on with the next listener; it ends when it comes back.
 * There is none while there are no rings.
 */
final class Delivery implements Runnable {
  /** How late an event may be told when few come. */
  private static final long LATEST = 10_000_000;

  /** A listener that needs longer than that for what is told to it at once is set aside. */
  private static final long PATIENCE_MILLIS = 1_000;

  private static final CopyOnWriteArrayList<ListenerRing> RINGS = new CopyOnWriteArrayList<>();
  private static final AtomicReference<@Nullable Delivery> CURRENT = new AtomicReference<>();
  private static @Nullable Future<?> watch; // under the class's lock

  /** What is told to whom; {@code next} is whose turn it is. */
  private static final class Round {
    private final List<ListenerRing.Event> events;
    private final List<Hearer> hearers;
    private int next; // of whoever delivers, under its lock

    Round(List<ListenerRing.Event> events, List<Hearer> hearers) {
      this.events = events;
      this.hearers = hearers;
    }

    Round behind() {
      return new Round(events, hearers.subList(next + 1, hearers.size()));
    }
  }

  private final Thread thread = Background.named("inflight-listener").newThread(this);
  private final @Nullable Round unfinished;
  private volatile boolean asleep;
  private @Nullable Round round; // under this object's lock, as the two below
  private long step;
  private long seen; // how far it was when the watch looked

  private Delivery(@Nullable Round unfinished) {
    this.unfinished = unfinished;
  }

  static void add(ListenerRing ring) {
    RINGS.addIfAbsent(ring);
    if (!begins()) {
      wake();
    }
  }

  private static synchronized boolean begins() {
    if (CURRENT.get() != null) {
      return false;
    }
    Delivery first = new Delivery(null);
    CURRENT.set(first);
    first.thread.start();
    watch =
        Background.timer()
            .scheduleWithFixedDelay(
                Delivery::watch, PATIENCE_MILLIS, PATIENCE_MILLIS, TimeUnit.MILLISECONDS);
    return true;
  }

  /** Nobody listens any more: nothing stays behind. A ring that comes now begins anew. */
  private static synchronized boolean ends(Delivery last) {
    Future<?> looking = watch;
    if (!RINGS.isEmpty() || CURRENT.get() != last || looking == null) {
      return false;
    }
    looking.cancel(false);
    CURRENT.set(null);
    return true;
  }

  static void wake() {
    Delivery now = CURRENT.get();
    if (now != null && now.asleep) {
      LockSupport.unpark(now.thread);
    }
  }

  /** On the timer: replaces a thread that has told nothing since the last look. */
  private static void watch() {
    Delivery now = CURRENT.get();
    if (now != null) {
      now.look();
    }
  }

  private synchronized void look() {
    Round stuck = round;
    if (stuck == null || step != seen) {
      seen = step;
      return;
    }
    stuck.hearers.get(stuck.next).setAside();
    Delivery next = new Delivery(stuck.behind());
    CURRENT.set(next); // only the watch ever does this
    next.thread.start();
  }

  /** The current hearer of the round is done with it; false if this is no longer the deliverer. */
  private synchronized boolean stepOn(Round done) {
    if (!isCurrent()) {
      return false;
    }
    done.next++;
    step++;
    round = done.next < done.hearers.size() ? done : null;
    return true;
  }

  private synchronized void begin(Round next) {
    step++;
    round = next.hearers.isEmpty() ? null : next;
  }

  private void deliver(Round it) {
    begin(it);
    while (it.next < it.hearers.size()) {
      Hearer hearer = it.hearers.get(it.next);
      int heard = hearer.hear(it.events, this);
      if (!stepOn(it)) {
        hearer.comeBack(it.events.size() - heard);
        return;
      }
    }
  }

  boolean isCurrent() {
    return CURRENT.get() == this;
  }

  @Override
  public void run() {
    Round rest = unfinished;
    if (rest != null) {
      deliver(rest); // to those behind the one that is set aside
    }
    long pause = LATEST / 16;
    while (isCurrent()) {
      if (deliverAll()) {
        pause = LATEST / 16;
        continue;
      }
      if (RINGS.isEmpty() && ends(this)) {
        return;
      }
      asleep = true;
      LockSupport.parkNanos(this, pause);
      pause = Math.min(LATEST, 2 * pause);
      asleep = false;
    }
  }

  private boolean deliverAll() {
    boolean any = false;
    for (ListenerRing ring : RINGS) {
      List<ListenerRing.Event> events = ring.take();
      if (!events.isEmpty() || ring.lacks()) {
        any = true;
        deliver(new Round(events, List.copyOf(ring.hearers())));
        if (!isCurrent()) {
          return false;
        }
      }
      if (ring.isOver()) {
        RINGS.remove(ring);
        if (!ring.isOver()) { // somebody listens again
          RINGS.addIfAbsent(ring);
        }
      }
    }
    return any;
  }
}
