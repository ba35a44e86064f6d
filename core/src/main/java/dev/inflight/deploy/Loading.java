package dev.inflight.deploy;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings versions up, one at a time in the whole process: native loads are long and use every core
 * they get. Each has a thread of its own, of low priority, when it is its turn: however many wait.
 *
 * <p>Invariant: every place that is taken is given back once: when the work ends, or when its
 * patience does. A load that never returns keeps its thread, not the others. Nothing waits while a
 * place is free.
 */
final class Loading {
  private static final Logger log = LoggerFactory.getLogger(Loading.class);

  static final Loading SHARED = new Loading(1);

  private final Deque<Ticket> waiting = new ArrayDeque<>(); // guarded by this, as is free
  private int free;

  Loading(int atOnce) {
    free = atOnce;
  }

  /** A load on its way. */
  final class Ticket {
    private final String what;
    private final Runnable work;
    private final Duration patience;
    private final Runnable stuck;
    private final AtomicBoolean place = new AtomicBoolean();
    private final AtomicBoolean ended = new AtomicBoolean();
    private volatile @Nullable Thread thread;

    private Ticket(String what, Runnable work, Duration patience, Runnable stuck) {
      this.what = what;
      this.work = work;
      this.patience = patience;
      this.stuck = stuck;
    }

    /** It has a place. */
    @SuppressWarnings("ThreadPriorityCheck") // a hint: callers go first where the system heeds it
    private void begin() {
      place.set(true);
      Thread its = new Thread(this::run, "inflight-loader " + what);
      its.setDaemon(true);
      its.setPriority(Thread.MIN_PRIORITY);
      thread = its;
      its.start();
    }

    private void run() {
      var watch =
          Clockwork.timer()
              .schedule(this::giveUp, TimeUnit.NANOSECONDS.convert(patience), TimeUnit.NANOSECONDS);
      try {
        work.run();
      } catch (Throwable e) {
        log.error("{}: bringing it up failed in an unexpected way", what, e);
      } finally {
        ended.set(true);
        watch.cancel(false);
        leave();
      }
    }

    private void giveUp() {
      if (!ended.get() && leave()) {
        stuck.run();
        cancel();
      }
    }

    private boolean leave() {
      boolean mine = place.compareAndSet(true, false);
      if (mine) {
        next();
      }
      return mine;
    }

    /** Nobody wants it any more: what it waits for is interrupted; else its turn is a short one. */
    void cancel() {
      Thread its = thread;
      if (its != null) {
        its.interrupt();
      }
    }
  }

  private synchronized void next() {
    Ticket ticket = waiting.poll();
    if (ticket == null) {
      free++;
    } else {
      ticket.begin();
    }
  }

  /**
   * {@code work} when it is its turn; {@code stuck} if it does not end in time. Never both ends.
   */
  Ticket start(String what, Runnable work, Duration patience, Runnable stuck) {
    Ticket ticket = new Ticket(what, work, patience, stuck);
    synchronized (this) {
      if (free == 0) {
        waiting.add(ticket);
      } else {
        free--;
        ticket.begin();
      }
    }
    return ticket;
  }
}
