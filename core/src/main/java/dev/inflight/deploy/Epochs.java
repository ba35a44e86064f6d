package dev.inflight.deploy;

import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongFunction;
import java.util.function.LongSupplier;

/**
 * Counts pairs by when they started. A slow candidate finishes late, so whoever counts pairs as
 * they finish sees the fast ones first, and promotes what should not be: with 64 pairs in flight in
 * 13 to 68 of 100 simulated canaries at a nominal 5. Here a pair belongs to the epoch in which it
 * started, and epochs are handed on whole and in order.
 *
 * <p>Starting and finishing take no lock and allocate nothing. A full ring refuses pairs before
 * they start, never after.
 */
final class Epochs {
  /*
   * Design. A ticket is a running number; 64 of them are an epoch, and epochs take turns in a ring of slots. Closing an
   * epoch early skips its unused tickets. A finisher claims its bit of the slot, adds, and only then counts itself as done:
   * the collector waits for 64 done, so it never sees half a pair. Whoever claims second (a pair that had expired) adds
   * nothing. Ticks exclude each other, for one must not expire tickets that another is skipping. A slot is a new object for every epoch, so a very late one finds either its own, all claimed, or another.
   */

  /** Pairs of an epoch: as many as a long has bits. */
  static final int PAIRS = Long.SIZE;

  /** A slow service's verdict shall not wait for 64 pairs. */
  private static final long LONGEST_NANOS = TimeUnit.MILLISECONDS.toNanos(100);

  /** A ticket for a pair that must not run. */
  static final long REFUSED = -1;

  /** Set before the first pair of a slot's epoch has noted the time. */
  private static final long NOT_OPEN = Long.MIN_VALUE;

  /** What a finished pair adds. */
  @FunctionalInterface
  interface Finding {
    /** Of a pair that shall not count. */
    Finding DROPPED = counters -> {};

    void count(Panel.Counters to);
  }

  /** Takes the epochs, in order. */
  @FunctionalInterface
  interface Sink {
    void accept(long epoch, long[] counts);
  }

  private static final class Slot implements Panel.Counters {
    final long epoch;
    final AtomicLongArray counts;
    final AtomicLong claimed = new AtomicLong();
    final AtomicInteger done = new AtomicInteger();
    volatile long openedNanos = NOT_OPEN;

    Slot(long epoch, int width) {
      this.epoch = epoch;
      counts = new AtomicLongArray(width);
    }

    @Override
    public void add(int index, long times) {
      counts.getAndAdd(index, times);
    }

    /** True for the first to ask. */
    boolean claim(long ticket) {
      long bit = 1L << ticket;
      long before = claimed.get();
      while ((before & bit) == 0) {
        if (claimed.compareAndSet(before, before | bit)) {
          return true;
        }
        before = claimed.get();
      }
      return false;
    }
  }

  private final AtomicReferenceArray<Slot> slots;
  private final int width;
  private final LongSupplier nanos;
  private final long patienceNanos;
  private final AtomicLong next = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();
  private final AtomicLong expired = new AtomicLong();
  private final ReentrantLock collecting = new ReentrantLock();
  private volatile long collected;

  /**
   * @param width counters of an epoch
   * @param open how many epochs may be unfinished at once
   * @param patienceNanos after which an open epoch's pairs expire
   * @param nanos monotonic time
   */
  Epochs(int width, int open, long patienceNanos, LongSupplier nanos) {
    this.width = width;
    slots = new AtomicReferenceArray<>(open);
    for (int i = 0; i < open; i++) {
      slots.set(i, new Slot(i, width));
    }
    this.patienceNanos = patienceNanos;
    this.nanos = nanos;
  }

  /** {@return a ticket for a pair that starts now; {@link #REFUSED} if too many are unfinished} */
  long start() {
    long ticket = next.get();
    while (true) {
      if (epoch(ticket) - collected >= slots.length()) {
        refused.incrementAndGet();
        return REFUSED;
      }
      if (next.compareAndSet(ticket, ticket + 1)) {
        break;
      }
      ticket = next.get();
    }
    if (ticket % PAIRS == 0) {
      slot(epoch(ticket)).openedNanos = nanos.getAsLong();
    }
    return ticket;
  }

  /** Counts a pair, once; {@return false if it had expired, and counted as something else} */
  boolean finish(long ticket, Finding finding) {
    Slot slot = slot(epoch(ticket));
    if (slot.epoch != epoch(ticket) || !slot.claim(ticket)) {
      return false;
    }
    count(slot, finding);
    return true;
  }

  /**
   * Closes an epoch that has been open for 100 ms, and expires pairs whose epoch was closed longer
   * than the patience ago.
   *
   * @param late what a pair that has not finished counts as: the failure of the side that is
   *     missing, or {@link Finding#DROPPED}
   */
  synchronized void tick(LongFunction<Finding> late) {
    long now = nanos.getAsLong();
    long current = epoch(next.get());
    if (openFor(current, now) >= LONGEST_NANOS) {
      close(current);
    }
    for (long epoch = collected; epoch < epoch(next.get()); epoch++) {
      if (openFor(epoch, now) >= LONGEST_NANOS + patienceNanos) {
        expire(epoch, late);
      }
    }
  }

  private long openFor(long epoch, long now) {
    Slot slot = slot(epoch);
    long opened = slot.openedNanos;
    return slot.epoch != epoch || opened == NOT_OPEN ? -1 : now - opened;
  }

  /** Lets no more pairs start in {@code epoch}; does nothing if none did. */
  private void close(long epoch) {
    long end = (epoch + 1) * PAIRS;
    long ticket = next.get();
    while (epoch(ticket) == epoch && ticket % PAIRS != 0) {
      if (next.compareAndSet(ticket, end)) {
        Slot slot = slot(epoch);
        for (; ticket < end; ticket++) {
          slot.claim(ticket);
          slot.done.incrementAndGet();
        }
        return;
      }
      ticket = next.get();
    }
  }

  /** Ends {@code epoch} at once: counts what has not finished as {@code late} says. */
  synchronized void expire(long epoch, LongFunction<Finding> late) {
    close(epoch);
    Slot slot = slot(epoch);
    if (slot.epoch != epoch || epoch >= epoch(next.get())) {
      return;
    }
    for (long ticket = epoch * PAIRS; ticket < (epoch + 1) * PAIRS; ticket++) {
      if (slot.claim(ticket)) {
        expired.incrementAndGet();
        count(slot, late.apply(ticket));
      }
    }
  }

  private static void count(Slot slot, Finding finding) {
    try {
      finding.count(slot);
    } finally {
      slot.done.incrementAndGet(); // or the epoch would never end
    }
  }

  /**
   * Hands on what is complete, in order. Returns at once if another thread is at it, so call it
   * after every finish and every tick: the next call takes what that one missed.
   */
  void collect(Sink sink) {
    if (slot(collected).done.get() < PAIRS || !collecting.tryLock()) {
      return;
    }
    try {
      Slot slot = slot(collected);
      while (slot.done.get() == PAIRS) {
        long[] row = new long[width];
        for (int i = 0; i < width; i++) {
          row[i] = slot.counts.get(i);
        }
        slots.set(
            (int) (slot.epoch % slots.length()), new Slot(slot.epoch + slots.length(), width));
        collected = slot.epoch + 1; // after the new slot is in: whoever sees this may start there
        sink.accept(slot.epoch, row);
        slot = slot(collected);
      }
    } finally {
      collecting.unlock();
    }
  }

  /** {@return pairs that were not allowed to start} */
  long refused() {
    return refused.get();
  }

  /** {@return pairs that did not finish in time} */
  long expired() {
    return expired.get();
  }

  private Slot slot(long epoch) {
    return slots.get((int) (epoch % slots.length()));
  }

  static long epoch(long ticket) {
    return ticket / PAIRS;
  }
}
