package dev.inflight.requestlog;

import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.DoubleSupplier;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Keeps {@code k} calls of each interval: call {@code i} is chosen with chance {@code k / i}, and
 * then takes the place of one that was chosen before (Vitter's algorithm R), so at the end all had
 * the same chance. Most calls cost a count, a look at the clock and a random number.
 *
 * <p>Invariant: a place is held by at most one call of its interval; the record of a call that lost
 * its place, before or after the call ended, is counted as replaced and goes nowhere. When the
 * interval is over its places keep their holders for good: records that are there are given to the
 * queue, and those of calls that have not ended follow when they do.
 */
final class Reservoir implements Sampler {
  private final int k;
  private final long interval;
  private final DoubleSupplier random;
  private final LongSupplier ticker;
  private final LineQueue queue;
  private final LongAdder replaced;
  private volatile @Nullable Interval current;

  Reservoir(
      Sampling.Reservoir sampling,
      DoubleSupplier random,
      LongSupplier ticker,
      LineQueue queue,
      LongAdder replaced) {
    k = sampling.calls();
    interval = sampling.interval().toNanos();
    this.random = random;
    this.ticker = ticker;
    this.queue = queue;
    this.replaced = replaced;
    current = new Interval(ticker.getAsLong() + interval);
  }

  @Override
  public @Nullable Place take() {
    while (true) {
      Interval now = current;
      if (now == null) {
        return null;
      }
      if (ticker.getAsLong() - now.end >= 0) {
        next(now);
        continue;
      }
      long call = now.calls.incrementAndGet();
      long place = call <= k ? call - 1 : (long) (random.getAsDouble() * call);
      if (place >= k) {
        return null;
      }
      Seat seat = now.seat((int) place, call);
      if (seat != null) {
        return seat;
      }
      // The interval ended meanwhile, or a later call took the place: then this one lost it.
      if (now == current) {
        return null;
      }
    }
  }

  @Override
  public void tick() {
    Interval now = current;
    if (now != null && ticker.getAsLong() - now.end >= 0) {
      next(now);
    }
  }

  @Override
  public void close() {
    Interval last;
    synchronized (this) {
      last = current;
      current = null;
    }
    if (last != null) {
      last.close();
    }
  }

  private void next(Interval over) {
    synchronized (this) {
      if (current != over) {
        return;
      }
      current = new Interval(ticker.getAsLong() + interval);
    }
    over.close();
  }

  /** The places of one interval. */
  private final class Interval {
    private final long end;
    private final AtomicLong calls = new AtomicLong();
    private final @Nullable Seat[] seats = new Seat[k];
    private boolean closed;

    Interval(long end) {
      this.end = end;
    }

    /** Null if the interval is over, or a call that came later has been quicker to take it. */
    synchronized @Nullable Seat seat(int place, long call) {
      Seat before = seats[place];
      if (closed || (before != null && before.call > call)) {
        return null;
      }
      if (before != null && before.line != null) {
        replaced.increment();
      }
      Seat seat = new Seat(this, place, call);
      seats[place] = seat;
      return seat;
    }

    void put(Seat seat, byte[] line) {
      synchronized (this) {
        if (seats[seat.place] != seat) {
          replaced.increment();
          return;
        }
        if (!closed) {
          seat.line = line;
          return;
        }
      }
      queue.offer(line);
    }

    void close() {
      synchronized (this) {
        closed = true;
      }
      for (Seat seat : seats) { // nobody else writes them any more
        if (seat != null && seat.line != null) {
          queue.offer(seat.line);
        }
      }
    }
  }

  /** A call that holds a place, or did. */
  private static final class Seat implements Place {
    private final Interval interval;
    private final int place;
    private final long call;
    private byte @Nullable [] line;

    Seat(Interval interval, int place, long call) {
      this.interval = interval;
      this.place = place;
      this.call = call;
    }

    @Override
    public void put(byte[] record) {
      interval.put(this, record);
    }
  }
}
