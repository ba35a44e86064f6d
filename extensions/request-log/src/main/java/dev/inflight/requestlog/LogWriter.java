package dev.inflight.requestlog;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The thread that writes. Owns the file: opens, rotates and closes it, and nobody else touches it.
 * A failure is counted each time and logged the first time.
 */
final class LogWriter implements Runnable {
  private static final Logger log = LoggerFactory.getLogger(RequestLog.class);

  /** How late the records of an interval that is over may be. */
  private static final long LOOK = TimeUnit.MILLISECONDS.toNanos(200);

  private final LineQueue queue;
  private final Lines lines;
  private final Counters counters;
  private final List<Sampler> samplers = new CopyOnWriteArrayList<>();
  private boolean warned;
  private boolean unflushed;
  private volatile boolean stopping;
  private volatile boolean abandoned;

  LogWriter(LineQueue queue, Lines lines, Counters counters) {
    this.queue = queue;
    this.lines = lines;
    this.counters = counters;
  }

  void add(Sampler sampler) {
    samplers.add(sampler);
    if (stopping) {
      sampler.close();
    }
  }

  @Override
  public void run() {
    try {
      while (!abandoned) {
        byte[] line = queue.poll(stopping ? 0 : LOOK);
        if (line != null) {
          write(line);
        } else if (stopping) {
          break;
        }
        samplers.forEach(Sampler::tick);
        if (queue.isEmpty()) {
          flush();
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // abandoned
    } finally {
      samplers.forEach(Sampler::close); // those that came while it was being stopped
      queue.end();
      close();
    }
  }

  private void write(byte[] line) {
    try {
      lines.write(line);
      unflushed = true;
      counters.written.increment();
    } catch (IOException | RuntimeException e) {
      counters.failed.increment();
      warn(e);
    }
  }

  private void flush() {
    if (unflushed) {
      unflushed = false;
      try {
        lines.flush();
      } catch (IOException | RuntimeException e) {
        warn(e);
      }
    }
  }

  private void close() {
    try {
      lines.close();
    } catch (IOException | RuntimeException e) {
      warn(e);
    }
  }

  private void warn(Exception e) {
    if (!warned) {
      warned = true;
      log.warn(
          "request log: writing to {} failed; more such failures are counted and not logged",
          lines,
          e);
    }
  }

  /** No new calls; what waits is still written. */
  void stop() {
    samplers.forEach(Sampler::close); // first: the thread ends when it finds nothing after
    stopping = true;
  }

  /** What waits is dropped. */
  void abandon() {
    abandoned = true;
    queue.end();
  }
}
