package dev.inflight;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * Between the calls of a slot and its listeners: a bounded ring that calls fill without waiting and
 * {@link Delivery} empties.
 *
 * <p>Invariant: {@code head <= tail <= head + CAPACITY}; a producer owns the cell at {@code tail}
 * once its CAS moved the tail, the consumer owns it once {@code turn} says so, and gives it back
 * for the next round. A full ring drops, and counts what it dropped. Producers do not wake the
 * thread unless the ring is half full: it looks by itself.
 */
final class ListenerRing {
  /** Ten milliseconds of the fastest calls; 400 kB. */
  private static final int CAPACITY = 4096;

  /** The most that is delivered to one listener before the next one. */
  private static final int ROUND = 256;

  /** What is told to a listener. */
  @FunctionalInterface
  interface Event {
    void tell(InferenceListener listener);
  }

  /** One event; its fields belong to whose turn it is. */
  private static final class Cell {
    private volatile long turn;
    private @Nullable ModelInfo model;
    private @Nullable Event other; // or a run, in the fields below
    private int lane;
    private @Nullable Release release;
    private int rows;
    private int answered;
    private long queueNanos;
    private long nanos;
    private long encodeNanos;
    private long decodeNanos;
    private long end;
    private List<Object> attachments = List.of();

    Cell(long turn) {
      this.turn = turn;
    }

    Event event(ModelInfo info) {
      if (other != null) {
        return other;
      }
      InferenceRun run =
          new InferenceRun(
              info,
              lane,
              Objects.requireNonNull(release),
              rows,
              answered,
              queueNanos,
              nanos,
              encodeNanos,
              decodeNanos,
              end,
              attachments);
      return listener -> listener.onRun(run);
    }

    void clear() {
      model = null;
      other = null;
      attachments = List.of();
    }
  }

  private final List<Hearer> hearers = new CopyOnWriteArrayList<>();
  private volatile Cell @Nullable [] cells; // made with the first listener
  private final AtomicLong tail = new AtomicLong();
  private final AtomicLong dropped = new AtomicLong();
  private final AtomicLong missed = new AtomicLong();
  private final AtomicLong failures = new AtomicLong();
  private final AtomicLong head = new AtomicLong();
  private volatile boolean active;

  boolean isActive() {
    return active;
  }

  /** Events that did not reach a listener, once for each. */
  long lost() {
    return dropped.get() + missed.get();
  }

  /** How often a listener threw or stalled. */
  long failures() {
    return failures.get();
  }

  AutoCloseable add(InferenceListener listener) {
    makeCells();
    Hearer hearer = new Hearer(listener, dropped, missed, failures);
    hearers.add(hearer);
    active = true;
    Delivery.add(this);
    return () -> {
      hearers.remove(hearer);
      active = !hearers.isEmpty();
    };
  }

  private synchronized void makeCells() {
    if (cells == null) {
      Cell[] made = new Cell[CAPACITY];
      for (int i = 0; i < CAPACITY; i++) {
        made[i] = new Cell(i);
      }
      cells = made;
    }
  }

  /** A run, on {@code lane} by its holder. */
  void ran(
      ModelInfo model,
      Lane lane,
      Release release,
      int rows,
      int answered,
      long queueNanos,
      long nanos,
      long end,
      List<Object> attachments) {
    Cell cell = claim();
    if (cell != null) {
      cell.lane = lane.index();
      cell.release = release;
      cell.rows = rows;
      cell.answered = answered;
      cell.queueNanos = queueNanos;
      cell.nanos = nanos;
      cell.encodeNanos = lane.encodeNanos();
      cell.decodeNanos = lane.decodeNanos();
      cell.end = end;
      cell.attachments = attachments;
      publish(cell, model);
    }
  }

  void ended(ModelInfo model, CallEnd end, int predictions) {
    offer(model, listener -> listener.onEnded(model, end, predictions));
  }

  void swapped(@Nullable ModelInfo before, ModelInfo model) {
    Optional<ModelInfo> replaced = Optional.ofNullable(before);
    offer(model, listener -> listener.onSwapped(replaced, model));
  }

  void retired(ModelInfo model) {
    offer(model, listener -> listener.onRetired(model));
  }

  private void offer(ModelInfo model, Event event) {
    Cell cell = claim();
    if (cell != null) {
      cell.other = event;
      publish(cell, model);
    }
  }

  /** The next cell; null if the ring is full. {@link #publish} must follow. */
  private @Nullable Cell claim() {
    Cell[] ring = cells;
    if (ring == null) {
      return null;
    }
    while (true) {
      long at = tail.get();
      Cell cell = ring[(int) (at & (CAPACITY - 1))];
      long turn = cell.turn;
      if (turn < at) { // still the consumer's, of the round before
        dropped.incrementAndGet();
        return null;
      }
      if (turn == at && tail.compareAndSet(at, at + 1)) {
        return cell;
      }
    }
  }

  private static void publish(Cell cell, ModelInfo model) {
    cell.model = model;
    long at = cell.turn;
    cell.turn = at + 1;
    if ((at & (CAPACITY / 2 - 1)) == 0) {
      Delivery.wake();
    }
  }

  /** What is in the ring is still delivered. */
  void close() {
    active = false;
  }

  /** Whether nobody fills it and nothing is in it. */
  boolean isOver() {
    return !active && head.get() == tail.get();
  }

  /** Whether a listener is to hear that events did not reach it. */
  boolean lacks() {
    for (Hearer hearer : hearers) {
      if (hearer.lacks()) {
        return true;
      }
    }
    return false;
  }

  List<Hearer> hearers() {
    return hearers;
  }

  /** For {@link Delivery}: the next events, oldest first. */
  List<Event> take() {
    Cell[] ring = cells;
    if (ring == null || head.get() == tail.get()) {
      return List.of();
    }
    List<Event> events = new ArrayList<>();
    while (events.size() < ROUND) {
      long at = head.get();
      Cell cell = ring[(int) (at & (CAPACITY - 1))];
      ModelInfo model = cell.turn == at + 1 ? cell.model : null;
      if (model == null) {
        break;
      }
      events.add(cell.event(model));
      cell.clear();
      head.setRelease(at + 1); // one consumer
      cell.turn = at + CAPACITY;
    }
    return events;
  }
}
