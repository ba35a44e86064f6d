package dev.inflight;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Lanes whose time and threads a test holds in its hand: nothing runs and no time passes unless the
 * test says so. A lane's work runs on the thread that calls {@link #serve}.
 */
final class ManualLanes implements AutoCloseable {
  private final AtomicLong now = new AtomicLong(-Duration.ofSeconds(3).toNanos()); // passes zero
  private final ConcurrentLinkedQueue<Runnable> servers = new ConcurrentLinkedQueue<>();
  private final ConcurrentLinkedQueue<Runnable> completions = new ConcurrentLinkedQueue<>();
  private final List<Alarm> alarms = new ArrayList<>(); // guarded by itself
  private final Lanes lanes;

  private static final class Alarm extends CompletableFuture<Void> {
    private final long at;
    private final Runnable task;

    Alarm(long at, Runnable task) {
      this.at = at;
      this.task = task;
    }
  }

  ManualLanes(int n) {
    lanes = Lanes.of(n, new Surroundings(now::get, this::after, completions::add, servers::add));
  }

  private Future<?> after(long nanos, Runnable task) {
    Alarm alarm = new Alarm(now.get() + nanos, task);
    synchronized (alarms) {
      alarms.removeIf(CompletableFuture::isDone);
      alarms.add(alarm);
    }
    return alarm;
  }

  Lanes lanes() {
    return lanes;
  }

  long now() {
    return now.get();
  }

  /** Time passes and nothing else happens: a run takes so long, alarms are late. */
  void pass(long nanos) {
    now.addAndGet(nanos);
  }

  /** As {@link #pass}, until {@code at}; not backwards. */
  void passTo(long at) {
    if (at - now.get() > 0) {
      now.set(at);
    }
  }

  /** Time passes; alarms ring on time. */
  void advance(Duration time) {
    long end = now.get() + time.toNanos();
    Alarm next;
    while ((next = poll(end)) != null) {
      if (next.at - now.get() > 0) {
        now.set(next.at);
      }
      next.task.run();
    }
    now.set(end);
  }

  /** The earliest alarm that rings until {@code end}, or null. */
  private Alarm poll(long end) {
    synchronized (alarms) {
      alarms.removeIf(CompletableFuture::isDone);
      Alarm earliest = null;
      for (Alarm alarm : alarms) {
        if (alarm.at - end <= 0 && (earliest == null || alarm.at - earliest.at < 0)) {
          earliest = alarm;
        }
      }
      alarms.remove(earliest);
      return earliest;
    }
  }

  /** How many lanes were woken and have not run yet. */
  int woken() {
    return servers.size();
  }

  /** One woken lane works until it finds nothing; false if none was woken. */
  boolean serveOne() {
    Runnable lane = servers.poll();
    if (lane == null) {
      return false;
    }
    lane.run();
    return true;
  }

  /** Woken lanes work, one after the other, until none is woken. */
  void serve() {
    while (serveOne()) {
      // the next one
    }
  }

  /** Takes a woken lane away for good: its thread hangs. */
  void hangOne() {
    if (servers.poll() == null) {
      throw new IllegalStateException("no lane was woken");
    }
  }

  /** Futures complete. */
  void complete() {
    Runnable drainer;
    while ((drainer = completions.poll()) != null) {
      drainer.run();
    }
  }

  /** The next drainer of completions, which the test runs where it likes; or null. */
  Runnable pollCompletions() {
    return completions.poll();
  }

  /** Everything that can happen without time passing. */
  void settle() {
    do {
      serve();
      complete();
    } while (!servers.isEmpty());
  }

  @Override
  public void close() {
    lanes.close();
  }
}
