package dev.inflight.deploy;

import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Waits for the truth about sampled requests. A label counts when its request has reached the age
 * of maturity, whether it came early or late, and requests count in the order in which they
 * started: users react to the live answer, and where labels of its mistakes come sooner, counting
 * them as they come promotes a candidate that is worse. What has no label by then is missing.
 *
 * <p>Bounded: the oldest request makes room, and counts as missing even if its label is there, for
 * labels that came early are not a fair sample. Any thread; a short lock.
 *
 * @param <L> a label or an answer; equality is what right means
 */
final class Labels<L> {
  /** Takes requests whose label counts, oldest first. */
  @FunctionalInterface
  interface Sink {
    void accept(boolean liveWrong, boolean candidateWrong);
  }

  /**
   * How good the sample is.
   *
   * @param waiting requests not yet mature
   * @param counted mature requests with a label
   * @param missing mature requests without one, or without an answer of both versions
   * @param evicted requests that made room
   * @param late labels that came after maturity or eviction, or for a request that was never
   *     sampled
   * @param repeated labels for a request that had one; the first stays
   * @param lagNanos mean time from request to label, of those that counted
   */
  record Coverage(
      int waiting,
      long counted,
      long missing,
      long evicted,
      long late,
      long repeated,
      long lagNanos) {
    /** {@return part of the requests past waiting that has a label, 0 to 1; 0 of none} */
    double share() {
      return counted / (double) Math.max(1, counted + missing + evicted);
    }
  }

  private static final class Entry<L> {
    final long id;
    final long startNanos;
    long labelNanos;
    @Nullable L live;
    @Nullable L candidate;
    @Nullable L truth;

    Entry(long id, long startNanos) {
      this.id = id;
      this.startNanos = startNanos;
    }
  }

  private final ArrayDeque<Entry<L>> ring;
  private final Map<Long, Entry<L>> byId;
  private final int capacity;
  private final long maturityNanos;
  private final LongSupplier nanos;
  private long counted;
  private long missing;
  private long evicted;
  private long late;
  private long repeated;
  private double lagSum;

  /**
   * @param capacity requests that may wait
   * @param maturityNanos age from which a label counts
   * @param nanos monotonic time
   */
  Labels(int capacity, long maturityNanos, LongSupplier nanos) {
    this.capacity = capacity;
    this.maturityNanos = maturityNanos;
    this.nanos = nanos;
    ring = new ArrayDeque<>(); // grows as it fills: most canaries wait for few
    byId = new HashMap<>();
  }

  /** Takes in a sampled request, before it runs; its id is new. */
  synchronized void start(long id) {
    if (ring.size() == capacity) {
      byId.remove(ring.remove().id);
      evicted++;
    }
    Entry<L> entry = new Entry<>(id, nanos.getAsLong());
    if (byId.putIfAbsent(id, entry) != null) {
      throw new IllegalArgumentException("labels: expected a new id, got " + id + " again");
    }
    ring.add(entry);
  }

  /** Notes what both versions answered. */
  synchronized void answered(long id, L live, L candidate) {
    Entry<L> entry = byId.get(id);
    if (entry != null) {
      entry.live = live;
      entry.candidate = candidate;
    }
  }

  /** Notes the truth, which may come before the answers; {@return whether it can count} */
  synchronized boolean label(long id, L truth) {
    Entry<L> entry = byId.get(id);
    long now = nanos.getAsLong();
    if (entry == null || now - entry.startNanos > maturityNanos) {
      late++;
      return false;
    }
    if (entry.truth != null) {
      repeated++;
      return false;
    }
    entry.truth = truth;
    entry.labelNanos = now;
    return true;
  }

  /** Hands on the requests that are mature now. */
  synchronized void mature(Sink sink) {
    long now = nanos.getAsLong();
    Entry<L> entry = ring.peek();
    while (entry != null && now - entry.startNanos > maturityNanos) {
      ring.remove();
      byId.remove(entry.id);
      L truth = entry.truth;
      if (truth == null || entry.live == null || entry.candidate == null) {
        missing++;
      } else {
        counted++;
        lagSum += entry.labelNanos - entry.startNanos;
        sink.accept(!truth.equals(entry.live), !truth.equals(entry.candidate));
      }
      entry = ring.peek();
    }
  }

  synchronized Coverage coverage() {
    long lag = counted == 0 ? 0 : Math.round(lagSum / counted);
    return new Coverage(ring.size(), counted, missing, evicted, late, repeated, lag);
  }
}
