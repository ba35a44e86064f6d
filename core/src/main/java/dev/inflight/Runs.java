package dev.inflight;

import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Every run of a slot, on a lane that its caller holds.
 *
 * <p>Invariant: a run leases one version, for exactly as long as it lasts, and what it did is told
 * to the listeners once.
 */
final class Runs<I, O> {
  private final ModelSlot<I, O> slot;
  private final Line<I, O> line;
  private final Leasing<I, O> leasing;
  private final ListenerRing listeners;

  Runs(ModelSlot<I, O> slot, Line<I, O> line, Leasing<I, O> leasing, ListenerRing listeners) {
    this.slot = slot;
    this.line = line;
    this.leasing = leasing;
    this.listeners = listeners;
  }

  <E extends InferenceException> E failed(E failure) {
    if (listeners.isActive()) {
      Version<I, O> version = leasing.current();
      if (version != null) {
        listeners.failed(version.info(), failure);
      }
    }
    return failure;
  }

  private Version<I, O> lease(Lane lane, @Nullable Version<I, O> only) {
    if (only == null) {
      Version<I, O> version = slot.isClosed() ? null : leasing.lease(lane);
      if (version == null) {
        throw slot.unavailable();
      }
      return version;
    }
    if (slot.isClosed() || leasing.lease(lane, only) == null) {
      throw slot.gone(only);
    }
    return only;
  }

  /** One row of a blocking caller that holds {@code lane}; on {@code only} that version, if any. */
  O runOwn(Lane lane, I row, @Nullable Version<I, O> only) {
    Version<I, O> version = lease(lane, only);
    try {
      return runOne(version, lane, row);
    } finally {
      leasing.release(lane, version);
    }
  }

  /** As {@link #runOwn}, and says which version answered. */
  Prediction<O> callOwn(Lane lane, I row, @Nullable Version<I, O> only) {
    Version<I, O> version = lease(lane, only);
    try {
      return new Prediction<>(runOne(version, lane, row), version.info(), lane.nextCallId());
    } finally {
      leasing.release(lane, version);
    }
  }

  private O runOne(Version<I, O> version, Lane lane, I row) {
    return listeners.isActive()
            || (version.hasRunOn(lane) && (lane.samples() || line.rule().isProbingDirect()))
        ? runMeasured(version, lane, row)
        : version.runOne(lane, row);
  }

  private O runMeasured(Version<I, O> version, Lane lane, I row) {
    long begin = line.nanos();
    O answer;
    try {
      answer = version.runOne(lane, row);
    } catch (InferenceException e) {
      if (listeners.isActive()) {
        listeners.failed(version.info(), e);
      }
      throw e;
    }
    long end = line.nanos();
    line.ranDirectly(version, row, end - begin, end);
    if (listeners.isActive()) {
      listeners.predicted(version.info(), 1, 0, end - begin);
    }
    return answer;
  }

  /**
   * The rows, which {@code validated} has accepted if there is one, of a bulk call whose caller
   * holds the lane.
   */
  List<Outcome<O>> runOwnAll(
      Lane lane, List<I> rows, @Nullable Version<I, O> validated, @Nullable Version<I, O> only) {
    Version<I, O> version = lease(lane, only);
    try {
      BatchRun<I, O> run = new BatchRun<>(line, version, lane, null);
      run.add(rows, validated);
      long begin = line.nanos();
      List<Outcome<O>> outcomes = run.run();
      tell(version, outcomes, 0, line.nanos() - begin);
      return outcomes;
    } finally {
      leasing.release(lane, version);
    }
  }

  /** On a lane. Never throws. */
  void runBatch(Lane lane, Batch<I, O> batch) {
    Version<I, O> pinned = batch.calls().get(0).pinned();
    Version<I, O> version = pinned == null ? leasing.lease(lane) : leasing.lease(lane, pinned);
    if (version == null) {
      batch.outcomes(
          null,
          Collections.nCopies(
              batch.allRows(),
              Outcome.failed(pinned == null ? slot.unavailable() : slot.gone(pinned))));
      return;
    }
    try {
      BatchRun<I, O> run = new BatchRun<>(line, version, lane, batch);
      for (Call<I, O> call : batch.calls()) {
        run.add(call.rows(), call.validated());
      }
      long begin = line.nanos();
      List<Outcome<O>> outcomes = run.run();
      batch.outcomes(version.info(), outcomes);
      tell(version, outcomes, begin - batch.calls().get(0).start(), line.nanos() - begin);
    } catch (Throwable e) {
      // Only an error in here or a backend's in batchesWith gets here: these rows fail, the lane
      // goes on.
      batch.outcomes(
          version.info(),
          Collections.nCopies(
              batch.allRows(),
              Outcome.failed(
                  new PredictionFailedException(version.info().label() + " failed: " + e, e))));
    } finally {
      leasing.release(lane, version);
    }
  }

  private void tell(
      Version<I, O> version, List<Outcome<O>> outcomes, long queueNanos, long runNanos) {
    if (!listeners.isActive()) {
      return;
    }
    int answered = 0;
    for (Outcome<O> outcome : outcomes) {
      if (outcome.succeeded()) {
        answered++;
      } else {
        listeners.failed(version.info(), outcome.failure());
      }
    }
    if (answered > 0) {
      listeners.predicted(version.info(), answered, queueNanos, runNanos);
    }
  }
}
