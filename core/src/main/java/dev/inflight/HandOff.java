package dev.inflight;

import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/**
 * What it costs to hand a row to another thread and to be woken with the answer, in CPU time of
 * both. Measured once per JVM, in the background, when the first model is cheap enough for the
 * answer to matter.
 */
final class HandOff {
  /** Between the 8.6 and 14 us that were measured on the machines this was built on. */
  private static final double ASSUMED = 10_000;

  /** A measurement outside of this is a disturbed one. */
  private static final double LEAST = 2_000;

  private static final double MOST = 40_000;
  private static final int CLIENTS = 8;
  private static final int CALLS = 250;
  private static final int ROUNDS = 3;

  /** That of this machine. */
  static final HandOff MEASURED = new HandOff(ASSUMED, false);

  private final AtomicBoolean started;
  private volatile double nanos;

  private HandOff(double nanos, boolean known) {
    this.nanos = nanos;
    started = new AtomicBoolean(known);
  }

  /** One that is known to cost {@code nanos} and is never measured. */
  static HandOff of(double nanos) {
    return new HandOff(nanos, true);
  }

  /** What was measured, or what is assumed until then. */
  double nanos() {
    return nanos;
  }

  /** Measures unless somebody has; returns at once. */
  void measureOnce() {
    if (!started.get() && started.compareAndSet(false, true)) {
      Background.named("inflight-hand-off").newThread(this::measure).start();
    }
  }

  private void measure() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    if (!threads.isThreadCpuTimeSupported() || !threads.isThreadCpuTimeEnabled()) {
      return;
    }
    double least = MOST;
    for (int round = -1; round < ROUNDS; round++) {
      double cost = new Round(threads).run();
      if (round >= 0) { // the first one warms up
        least = Math.min(least, cost);
      }
    }
    nanos = Math.max(LEAST, least);
  }

  /** Eight clients that wait for one server which does nothing: all that is spent is hand-off. */
  private static final class Round {
    private final ThreadMXBean threads;
    private final ConcurrentLinkedQueue<Client> queue = new ConcurrentLinkedQueue<>();
    private final Client[] clients = new Client[CLIENTS];

    Round(ThreadMXBean threads) {
      this.threads = threads;
    }

    /** Nanoseconds of CPU per call; the current thread is the server. */
    double run() {
      long begin = threads.getCurrentThreadCpuTime();
      for (int i = 0; i < CLIENTS; i++) {
        clients[i] = new Client(Thread.currentThread());
        clients[i].thread.start();
      }
      int left = CLIENTS * CALLS;
      while (left > 0) {
        Client client = queue.poll();
        if (client == null) {
          LockSupport.parkNanos(this, 1_000_000);
          continue;
        }
        client.answered = true;
        LockSupport.unpark(client.thread);
        left--;
      }
      long spent = threads.getCurrentThreadCpuTime() - begin;
      for (Client client : clients) {
        spent += client.awaitCpu();
      }
      return (double) spent / (CLIENTS * CALLS);
    }

    private final class Client implements Runnable {
      private final Thread server;
      private final Thread thread;
      private volatile boolean answered;
      private volatile long cpu;

      Client(Thread server) {
        this.server = server;
        thread = Background.named("inflight-hand-off-client").newThread(this);
      }

      @Override
      public void run() {
        for (int i = 0; i < CALLS; i++) {
          answered = false;
          queue.add(this);
          LockSupport.unpark(server);
          while (!answered) {
            LockSupport.park(this);
          }
        }
        cpu = threads.getCurrentThreadCpuTime();
      }

      private long awaitCpu() {
        try {
          thread.join();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
        return cpu;
      }
    }
  }
}
