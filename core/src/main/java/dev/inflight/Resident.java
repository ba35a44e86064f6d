package dev.inflight;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A version in a slot, current or not: loaded, and kept until it is released.
 *
 * @param <I> a row
 * @param <O> an answer
 */
public final class Resident<I, O> {
  /** How often each size runs: a cost is believed after four runs of it, on two lanes or more. */
  private static final int ROUNDS = 2;

  /** Between two looks at a lane that is taken. */
  private static final long LOOK_NANOS = 50_000;

  /** For spare lanes that are taken: no call waits for one, and one may hang for ever. */
  private static final long SPARE_NANOS = 20_000_000;

  private final ModelSlot<I, O> slot;
  private final Version<I, O> version;
  private final Predictor<I, O> predictor;
  private final Predictor<I, O> trial;
  private volatile boolean offered;

  Resident(
      ModelSlot<I, O> slot,
      Version<I, O> version,
      Function<Runs.Order, Predictor<I, O>> predictor) {
    this.slot = slot;
    this.version = version;
    this.predictor = predictor.apply(Runs.Order.CALL);
    trial = predictor.apply(Runs.Order.TRIAL);
  }

  Version<I, O> version() {
    return version;
  }

  /** {@return what is loaded} */
  public ModelInfo info() {
    return version.info();
  }

  /** {@return the memory that the model says it takes, in bytes; 0 if it does not know} */
  public long memoryBytes() {
    return version.model().memoryBytes();
  }

  /** {@return a predictor that only this version answers; once it is released, calls throw} */
  public Predictor<I, O> predictor() {
    return predictor;
  }

  /** {@return the same for checks and comparisons: its calls are in no statistics} */
  public Predictor<I, O> trial() {
    return trial;
  }

  /**
   * From now on calls may ask for it by its name: {@link CallOptions#withVersion}. A version that
   * was made current has been offered.
   */
  public void offer() {
    offered = true;
  }

  boolean isOffered() {
    return offered;
  }

  /**
   * Runs {@code rows} on every lane, at each batch size up to the largest in use, so that the first
   * call finds everything made and what runs cost is known. Blocks; holds a lane for one run at a
   * time. The first runs are on a lane that no call waits for, in case the model hangs.
   *
   * @param rows at least one; they are repeated where a batch takes more
   * @param patience for all lanes together: one that stays taken is left out
   * @return runs made
   * @throws InferenceException the first failure, if a row fails
   */
  public int warmUp(List<? extends I> rows, Duration patience) {
    if (rows.isEmpty()) {
      throw new IllegalArgumentException(info().label() + ": warm-up: expected rows, got none");
    }
    long deadline = System.nanoTime() + patience.toNanos();
    int largest = Math.min(slot.line().rule().cap(), version.maxBatch());
    int runs = 0;
    boolean spares = false;
    List<Lane> left = slot.lanes().dispatcher().everyLane();
    while (!left.isEmpty() && System.nanoTime() - deadline < 0) {
      Lane lane = firstFree(left);
      if (lane == null && Thread.currentThread().isInterrupted()) {
        break;
      } else if (lane == null) {
        if (!spares && left.stream().allMatch(this::isSpare)) {
          spares = true;
          deadline = Math.min(deadline, System.nanoTime() + SPARE_NANOS);
        }
        LockSupport.parkNanos(this, LOOK_NANOS);
        continue;
      }
      left.remove(lane);
      // The largest first: it makes room, and what was made for less room may go.
      int most = isSpare(lane) ? 1 : Integer.highestOneBit(largest); // those never run batches
      for (int size = most; size >= 1; size /= 2) {
        List<I> batch = repeated(rows, size);
        for (int round = 0; round < ROUNDS && System.nanoTime() - deadline < 0; round++) {
          runs += succeeds(lane, batch, deadline) ? 1 : 0;
        }
      }
    }
    return runs;
  }

  private boolean isSpare(Lane lane) {
    return lane.index() >= slot.lanes().dispatcher().size();
  }

  /** Whoever is taken now comes last: one that hangs leaves the patience to the others. */
  private static @Nullable Lane firstFree(List<Lane> lanes) {
    for (Lane lane : lanes) {
      if (lane.isFree()) {
        return lane;
      }
    }
    return null;
  }

  private static <I> List<I> repeated(List<? extends I> rows, int size) {
    List<I> batch = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      batch.add(rows.get(i % rows.size()));
    }
    return batch;
  }

  private boolean succeeds(Lane lane, List<I> batch, long deadline) {
    List<Outcome<O>> outcomes = run(lane, batch, deadline);
    for (Outcome<O> outcome : outcomes) {
      InferenceException failure = outcome.succeeded() ? null : outcome.failure();
      if (failure != null) {
        throw failure;
      }
    }
    return !outcomes.isEmpty();
  }

  /**
   * {@return one outcome for each row, from one run of all of them where the model allows it; empty
   * if no lane was free in time} Blocks.
   */
  public List<Outcome<O>> runTogether(List<? extends I> rows, Duration patience) {
    long deadline = System.nanoTime() + patience.toNanos();
    List<I> batch = List.copyOf(rows);
    List<Lane> lanes = slot.lanes().dispatcher().everyLane();
    for (Lane lane : lanes) {
      List<Outcome<O>> outcomes = run(lane, batch, System.nanoTime()); // of those that are free
      if (!outcomes.isEmpty()) {
        return outcomes;
      }
    }
    return run(lanes.get(lanes.size() - 1), batch, deadline);
  }

  private List<Outcome<O>> run(Lane lane, List<I> batch, long deadline) {
    while (!lane.tryEnter()) {
      if (System.nanoTime() - deadline >= 0 || Thread.currentThread().isInterrupted()) {
        return List.of();
      }
      LockSupport.parkNanos(this, LOOK_NANOS);
    }
    try {
      if (batch.size() == 1) { // as a caller's own row runs
        return List.of(alone(lane, batch.get(0)));
      }
      return List.copyOf(slot.runs().runOwnAll(lane, batch, null, version, Runs.Order.TRIAL));
    } finally {
      slot.lanes().dispatcher().leave(lane, null);
    }
  }

  private Outcome<O> alone(Lane lane, I row) {
    try {
      return Outcome.of(slot.runs().runOwn(lane, row, version, Runs.Order.TRIAL));
    } catch (InferenceException e) {
      return Outcome.failed(e);
    }
  }

  /**
   * Lets it go: it is closed on a library thread after its last run, or after the last run of the
   * version that replaces it if it serves. Does nothing the second time.
   *
   * @return completes when it is closed; fails if that failed
   */
  public CompletableFuture<ModelInfo> release() {
    slot.dismiss(this);
    return version.ended().thenApply(Model::info);
  }

  @Override
  public String toString() {
    return info().label();
  }
}
