package dev.inflight;

import dev.inflight.tensor.Signature;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/**
 * Holds the current version of one model. A run borrows the version until its answers are
 * delivered; a version that was swapped out is closed once, on the reaper thread, after the last
 * run that uses it. Owns the models it is given.
 *
 * @param <I> a row
 * @param <O> an answer
 */
public final class ModelSlot<I, O> implements AutoCloseable {
  /**
   * How long {@link #close()} waits for calls inside; long against a prediction, short against a
   * deployment's patience.
   */
  private static final Duration CLOSE_GRACE = Duration.ofSeconds(10);

  private final String name;
  private final Lanes lanes;
  private final Leasing<I, O> leasing;
  private final Line<I, O> line;
  private final Runs<I, O> runs;
  private final Predictor<I, O> predictor;
  private final ListenerRing listeners = new ListenerRing();
  private final Figures figures = new Figures();
  private final ModelInfo nobody;
  private final ReentrantLock changes = new ReentrantLock();
  private final AtomicInteger waiting = new AtomicInteger();
  private final List<Resident<I, O>> residents = new CopyOnWriteArrayList<>();
  private final OpenVersions<I, O> versions = new OpenVersions<>();
  private volatile boolean closed;

  ModelSlot(String name, Lanes lanes, Batching batching, Leasing<I, O> leasing) {
    this.name = name;
    this.lanes = lanes;
    this.leasing = leasing;
    line = new Line<>(this, lanes, batching);
    runs = new Runs<>(this, line, leasing, figures, listeners);
    predictor = new SlotPredictor<>(this, line, lanes, null, Runs.Order.CALL);
    nobody = new ModelInfo(name, "", "", new Signature(List.of(), List.of()), "", Map.of());
  }

  /** {@return a slot with that model, on the {@linkplain Lanes#shared() shared} lanes} */
  public static <I, O> ModelSlot<I, O> of(Model<I, O> model) {
    return of(model, Lanes.shared());
  }

  /** {@return a slot with that model on those lanes} */
  public static <I, O> ModelSlot<I, O> of(Model<I, O> model, Lanes lanes) {
    return of(model, lanes, Batching.auto());
  }

  /** {@return a slot with that model on those lanes, its calls waiting and sharing runs so} */
  public static <I, O> ModelSlot<I, O> of(Model<I, O> model, Lanes lanes, Batching batching) {
    ModelSlot<I, O> slot = empty(model.info().name(), lanes, batching);
    slot.publish(model, false);
    return slot;
  }

  /**
   * {@return a slot without a model yet: calls throw {@link ModelUnavailableException} until the
   * first {@link #swap}}
   */
  public static <I, O> ModelSlot<I, O> empty(String name, Lanes lanes) {
    return empty(name, lanes, Batching.auto());
  }

  /** As {@link #empty(String, Lanes)}, its calls waiting and sharing runs so. */
  public static <I, O> ModelSlot<I, O> empty(String name, Lanes lanes, Batching batching) {
    return new ModelSlot<>(name, lanes, batching, new Leasing<>(lanes, Background::reap));
  }

  /** {@return the one predictor of this slot; it lives as long as the slot} */
  public Predictor<I, O> predictor() {
    return predictor;
  }

  /**
   * {@return what is current}
   *
   * @throws ModelUnavailableException if nothing is
   */
  public ModelInfo info() {
    return peek().info();
  }

  /**
   * Makes {@code next} current at once. Runs that have begun finish on the version they began with.
   *
   * @return completes with the version that was replaced, or with {@code next}'s own info if there
   *     was none, when the old one is closed; fails if its close failed
   * @throws ModelUnavailableException if the slot is closed; {@code next} then stays the caller's
   */
  public CompletableFuture<ModelInfo> swap(Model<I, O> next) {
    Version<I, O> before = publish(next, false);
    return before == null
        ? CompletableFuture.completedFuture(next.info())
        : before.ended().thenApply(Model::info);
  }

  /**
   * Takes the model out and leaves the slot empty, without closing the model.
   *
   * @return completes with the model, which is the caller's, when nothing uses it any more
   * @throws ModelUnavailableException if there is none
   */
  public CompletableFuture<Model<I, O>> take() {
    peek();
    return giveBack(null);
  }

  /**
   * As {@link #swap}, but the old model is not closed.
   *
   * @return completes with the old model, which is the caller's, when nothing uses it any more
   * @throws ModelUnavailableException if there is none
   */
  public CompletableFuture<Model<I, O>> replace(Model<I, O> next) {
    peek();
    return giveBack(next);
  }

  private CompletableFuture<Model<I, O>> giveBack(@Nullable Model<I, O> next) {
    Version<I, O> before = publish(next, true);
    if (before == null) {
      throw unavailable();
    }
    return before.ended();
  }

  private @Nullable Version<I, O> publish(@Nullable Model<I, O> next, boolean keepOld) {
    changes.lock();
    try {
      if (closed) {
        throw unavailable();
      }
      Version<I, O> before = leasing.current();
      if (before != null) {
        before.keepModel(keepOld);
      }
      Version<I, O> version = next == null ? null : version(next);
      swap(before, version);
      return before;
    } finally {
      changes.unlock();
    }
  }

  private Version<I, O> version(Model<I, O> model) {
    ModelInfo info = model.info();
    int capacity = lanes.dispatcher().capacity();
    VersionFigures counted = figures.begin(info, capacity);
    Version<I, O> version = new Version<>(model, capacity, counted, () -> runs.over(info, counted));
    versions.add(version);
    return version;
  }

  private void swap(@Nullable Version<I, O> before, @Nullable Version<I, O> next) {
    if (next != null) {
      line.rule().follow(next.cost());
    }
    leasing.swap(next);
    if (next != null && next != before) {
      runs.swapped(before == null ? null : before.info(), next.info());
    }
  }

  /**
   * Takes a model in beside the current one: it can be warmed up, tried and compared, and
   * {@linkplain #serve made current} at once.
   *
   * @return the version, resident until it is released
   * @throws ModelUnavailableException if the slot is closed; {@code next} then stays the caller's
   */
  public Resident<I, O> admit(Model<I, O> next) {
    changes.lock();
    try {
      if (closed) {
        throw unavailable();
      }
      Version<I, O> version = version(next);
      leasing.pin(version);
      Resident<I, O> resident =
          new Resident<>(
              this, version, order -> new SlotPredictor<>(this, line, lanes, version, order));
      residents.add(resident);
      return resident;
    } finally {
      changes.unlock();
    }
  }

  /**
   * Makes a resident version current: one write. The one before stays if it is resident, so it can
   * be made current again; else it is closed when nothing uses it.
   *
   * @throws ModelUnavailableException if the slot is closed
   * @throws IllegalArgumentException if the version is not resident here
   */
  public void serve(Resident<I, O> resident) {
    changes.lock();
    try {
      if (closed) {
        throw unavailable();
      }
      if (!residents.contains(resident)) {
        throw new IllegalArgumentException(
            name + ": expected a resident version of this slot, got " + resident);
      }
      resident.offer();
      swap(leasing.current(), resident.version());
    } finally {
      changes.unlock();
    }
  }

  /** It goes when nothing uses it and it does not serve. */
  void dismiss(Resident<I, O> resident) {
    changes.lock();
    try {
      if (residents.remove(resident)) {
        leasing.dismiss(resident.version());
      }
    } finally {
      changes.unlock();
    }
  }

  /**
   * @throws ModelUnavailableException if no version of that name is resident
   */
  Resident<I, O> resident(String version) {
    for (Resident<I, O> resident : residents) {
      if (resident.isOffered() && resident.info().version().equals(version)) {
        return resident;
      }
    }
    runs.ended(null, CallEnd.UNAVAILABLE, 1);
    if (closed) {
      throw unavailable();
    }
    throw new ModelUnavailableException(
        ModelUnavailableException.Reason.NOT_RESIDENT,
        name + ": expected a resident version, got v" + version + "; resident: " + residents);
  }

  Lanes lanes() {
    return lanes;
  }

  /** {@return what runs of the current version cost, and what calls that meet do because of it} */
  public BatchingReport batching() {
    return line.rule().report();
  }

  /** {@return what all versions did until now} Takes some 100 us and does not disturb calls. */
  public InferenceStats stats() {
    Version<I, O> current = leasing.current();
    List<VersionStats> all = figures.snapshot(current == null ? null : current.figures());
    Instant now = Instant.now();
    VersionStats total = all.remove(all.size() - 1);
    return new InferenceStats(
        name,
        now,
        Duration.between(total.since(), now),
        total,
        all,
        line.waiting(),
        batching(),
        listeners.lost(),
        listeners.failures());
  }

  /**
   * Counts predictions that ended so without this slot, as a deployment ends those that come while
   * its model is unloaded.
   *
   * @param predictions negative for those that ended here so, and are tried again
   */
  public void ended(CallEnd end, int predictions) {
    if (predictions > 0) {
      runs.ended(null, end, predictions);
    } else {
      runs.count(null, end, predictions);
    }
  }

  /** Adds a listener for every call through this slot; closing what is returned removes it. */
  public AutoCloseable listen(InferenceListener listener) {
    return listeners.add(listener);
  }

  /**
   * Refuses new calls, waits for those inside, then closes the model, and waits for those that were
   * replaced and are still in use. What still hangs after 10 s is left alone, with a warning, and
   * its model with it: a native session is never closed under a run. Does nothing the second time.
   */
  @Override
  public void close() {
    long deadline = System.nanoTime() + CLOSE_GRACE.toNanos();
    Set<Version<I, O>> ours = new HashSet<>();
    changes.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      while (waiting.get() > 0 && System.nanoTime() < deadline) {
        LockSupport.parkNanos(this, 100_000);
      }
      Version<I, O> last = leasing.current();
      leasing.swap(null);
      if (last != null) {
        ours.add(last);
      }
      for (Resident<I, O> resident : residents) {
        ours.add(resident.version());
        leasing.dismiss(resident.version());
      }
      residents.clear();
    } finally {
      changes.unlock();
    }
    versions.awaitEnds(deadline, ours);
    listeners.close();
  }

  String label() {
    Version<I, O> version = leasing.current();
    return version == null ? name : version.info().label();
  }

  Runs<I, O> runs() {
    return runs;
  }

  Line<I, O> line() {
    return line;
  }

  boolean isClosed() {
    return closed;
  }

  /** As {@link #peek}, or null. */
  @Nullable Version<I, O> current() {
    return leasing.current();
  }

  /** The current version, not leased: only its Java data may be looked at. */
  Version<I, O> peek() {
    Version<I, O> version = leasing.current();
    if (version == null || closed) {
      throw unavailable();
    }
    return version;
  }

  /** As {@link #peek}, for {@code rows} predictions that end here if there is none. */
  Version<I, O> live(int rows) {
    Version<I, O> version = leasing.current();
    if (version == null || closed) {
      runs.ended(version, CallEnd.UNAVAILABLE, rows);
      throw unavailable();
    }
    return version;
  }

  /** What predictions are for that no version could take. */
  ModelInfo nobody() {
    return nobody;
  }

  ModelUnavailableException unavailable() {
    return closed
        ? new ModelUnavailableException(
            ModelUnavailableException.Reason.CLOSED, name + ": expected an open slot, it is closed")
        : new ModelUnavailableException(
            ModelUnavailableException.Reason.NOT_READY,
            name + ": expected a live version, there is none yet");
  }

  /**
   * @throws InferenceException if the call is refused; then it was not accepted and needs no {@link
   *     #callsEnded}
   */
  void accept(Call<I, O> call, boolean bounded) {
    waiting.incrementAndGet();
    try {
      if (closed) {
        throw unavailable();
      }
      line.enter(call, bounded);
    } catch (RuntimeException e) {
      waiting.decrementAndGet();
      if (e instanceof InferenceException why) {
        call.refused(why);
      }
      throw e;
    }
  }

  void callsEnded(int calls) {
    waiting.addAndGet(-calls);
  }

  /** The current version, kept for a bulk call until {@link #unpin}. */
  Version<I, O> pin() {
    Version<I, O> version = closed ? null : leasing.pin();
    if (version == null) {
      runs.ended(null, CallEnd.UNAVAILABLE, 1);
      throw unavailable();
    }
    return version;
  }

  /** As {@link #pin()}, of {@code only} that version. */
  Version<I, O> pin(Version<I, O> only) {
    if (closed || !leasing.pin(only)) {
      runs.ended(only, CallEnd.UNAVAILABLE, 1);
      throw gone(only);
    }
    return only;
  }

  ModelUnavailableException gone(Version<I, O> only) {
    return closed
        ? unavailable()
        : new ModelUnavailableException(
            ModelUnavailableException.Reason.NOT_RESIDENT,
            only.info().label() + ": expected a resident version, it was released");
  }

  void unpin(Version<I, O> version) {
    leasing.unpin(version);
  }
}
