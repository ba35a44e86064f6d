package dev.inflight.requestlog;

import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;

/**
 * Records that wait to be written.
 *
 * <p>Invariant: a line that was offered is polled once or counted as dropped once, also when the
 * queue ends meanwhile: whoever takes it out counts it.
 */
final class LineQueue {
  private final ArrayBlockingQueue<byte[]> lines;
  private final LongAdder dropped;
  private volatile boolean ended;

  LineQueue(int capacity, LongAdder dropped) {
    lines = new ArrayBlockingQueue<>(capacity);
    this.dropped = dropped;
  }

  /** Never waits. */
  void offer(byte[] line) {
    if (ended || !lines.offer(line)) {
      dropped.increment();
    } else if (ended && lines.remove(line)) { // by identity: arrays have no other equality
      dropped.increment();
    }
  }

  byte @Nullable [] poll(long nanos) throws InterruptedException {
    return lines.poll(nanos, TimeUnit.NANOSECONDS);
  }

  boolean isEmpty() {
    return lines.isEmpty();
  }

  /** What is in it, and what is offered from now on, is dropped. */
  void end() {
    ended = true;
    while (lines.poll() != null) {
      dropped.increment();
    }
  }
}
