package dev.inflight.deploy;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings versions up, one at a time in the whole process: native loads are long and use every core
 * they get. Each has a thread of its own, of low priority.
 *
 * <p>Invariant: every place that is taken is given back once: when the work ends, or when its
 * patience does. A load that never returns keeps its thread, not the others.
 */
final class Loading {
  private static final Logger log = LoggerFactory.getLogger(Loading.class);

  static final Loading SHARED = new Loading(1);

  private final Semaphore places;

  Loading(int atOnce) {
    places = new Semaphore(atOnce, true);
  }

  /** A load on its way. */
  final class Ticket {
    private final String what;
    private final Runnable work;
    private final Duration patience;
    private final Runnable stuck;
    private final AtomicBoolean place = new AtomicBoolean();
    private final AtomicBoolean ended = new AtomicBoolean();
    private final Thread thread;

    @SuppressWarnings("ThreadPriorityCheck") // a hint: callers go first where the system heeds it
    private Ticket(String what, Runnable work, Duration patience, Runnable stuck) {
      this.what = what;
      this.work = work;
      this.patience = patience;
      this.stuck = stuck;
      thread = new Thread(this::run, "inflight-loader " + what);
      thread.setDaemon(true);
      thread.setPriority(Thread.MIN_PRIORITY);
    }

    private void run() {
      try {
        places.acquire();
      } catch (InterruptedException e) {
        work.run(); // it finds out that nobody wants it, and says so
        return;
      }
      place.set(true);
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
        thread.interrupt();
      }
    }

    private boolean leave() {
      boolean mine = place.compareAndSet(true, false);
      if (mine) {
        places.release();
      }
      return mine;
    }

    /** Nobody wants it any more: what it waits for is interrupted. */
    void cancel() {
      thread.interrupt();
    }
  }

  /**
   * {@code work} when it is its turn; {@code stuck} if it does not end in time. Never both ends.
   */
  Ticket start(String what, Runnable work, Duration patience, Runnable stuck) {
    Ticket ticket = new Ticket(what, work, patience, stuck);
    ticket.thread.start();
    return ticket;
  }
}
