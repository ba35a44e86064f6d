package dev.inflight;

import java.util.Collections;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Every run of a slot, on a lane that its caller holds.
 *
 * <p>Invariant: a run leases one version, for exactly as long as it and the delivery of its answers
 * last, so what a lane counts for a version is complete when the version ends. Each prediction is
 * counted once, by who ends it, before its caller can know.
 */
final class Runs<I, O> {
  /** What a caller wants of a run beside the answer. */
  static final class Order {
    /** A call as any other. */
    static final Order CALL = new Order(false, List.of());

    /** Nobody's call: not counted and not told. */
    static final Order TRIAL = new Order(true, List.of());

    private final boolean trial;
    private final List<Object> attachments;

    Order(boolean trial, List<Object> attachments) {
      this.trial = trial;
      this.attachments = attachments;
    }

    boolean trial() {
      return trial;
    }

    List<Object> attachments() {
      return attachments;
    }
  }

  private final ModelSlot<I, O> slot;
  private final Line<I, O> line;
  private final Leasing<I, O> leasing;
  private final Figures figures;
  private final ListenerRing listeners;

  Runs(
      ModelSlot<I, O> slot,
      Line<I, O> line,
      Leasing<I, O> leasing,
      Figures figures,
      ListenerRing listeners) {
    this.slot = slot;
    this.line = line;
    this.leasing = leasing;
    this.figures = figures;
    this.listeners = listeners;
  }

  /** Predictions that no lane ended, for a version or for none. */
  void ended(@Nullable Version<I, O> version, CallEnd end, int predictions) {
    count(version, end, predictions);
    tell(version, end, predictions);
  }

  void count(@Nullable Version<I, O> version, CallEnd end, int predictions) {
    figures.add(version == null ? null : version.figures(), end, predictions);
  }

  void tell(@Nullable Version<I, O> version, CallEnd end, int predictions) {
    ModelInfo model = version == null ? slot.nobody() : version.info();
    FlightEvents.ended(model, end, predictions);
    if (listeners.isActive()) {
      listeners.ended(model, end, predictions);
    }
  }

  private Version<I, O> lease(Lane lane, @Nullable Version<I, O> only, Order order, int rows) {
    Version<I, O> version = slot.isClosed() ? null : leased(lane, only);
    if (version == null) {
      if (!order.trial()) {
        ended(only, CallEnd.UNAVAILABLE, rows);
      }
      throw only == null ? slot.unavailable() : slot.gone(only);
    }
    return version;
  }

  private @Nullable Version<I, O> leased(Lane lane, @Nullable Version<I, O> only) {
    return only == null ? leasing.lease(lane) : leasing.lease(lane, only);
  }

  /** One row of a blocking caller that holds {@code lane}; on {@code only} that version, if any. */
  O runOwn(Lane lane, I row, @Nullable Version<I, O> only, Order order) {
    Version<I, O> version = lease(lane, only, order, 1);
    try {
      return runOne(version, lane, row, order);
    } finally {
      leasing.release(lane, version);
    }
  }

  /** As {@link #runOwn}, and says which version answered. */
  Prediction<O> callOwn(Lane lane, I row, @Nullable Version<I, O> only, Order order) {
    Version<I, O> version = lease(lane, only, order, 1);
    try {
      return new Prediction<>(runOne(version, lane, row, order), version.info(), lane.nextCallId());
    } finally {
      leasing.release(lane, version);
    }
  }

  private O runOne(Version<I, O> version, Lane lane, I row, Order order) {
    boolean sampled = version.hasRunOn(lane) && (lane.samples() || line.rule().isProbingDirect());
    boolean trial = order != Order.CALL && order.trial(); // most often not looked into
    LaneFigures counted = trial ? null : version.figures(lane);
    boolean told = listeners.isActive() && !trial;
    if (!sampled && !told && counted == null) {
      return version.runOne(lane, row);
    }
    // Not on a run that is sampled: looking at the clock inside would make it look longer.
    boolean staged =
        (!sampled && lane.samplesStages())
            || (order != Order.CALL && !order.attachments().isEmpty());
    if (staged) {
      lane.time(true);
    }
    long begin = line.nanos();
    O answer;
    try {
      answer = version.runOne(lane, row);
    } catch (InferenceException e) {
      lane.time(false);
      if (!trial) {
        failed(version, counted, CallEnd.of(e));
      }
      throw e;
    }
    long end = line.nanos();
    if (end - begin >= FlightEvents.SLOW && !trial) {
      FlightEvents.ranSlowly(version.info(), lane, end - begin);
    }
    if (sampled) {
      line.ranDirectly(version, row, end - begin, end);
    }
    int rows = version.rows(row);
    if (counted != null) {
      counted.answeredAlone(rows, end - begin);
    }
    if (told) {
      listeners.ran(
          version.info(),
          lane,
          Release.CALLER,
          rows,
          rows,
          0,
          end - begin,
          end,
          order.attachments());
    }
    if (staged) {
      coded(counted, lane);
    }
    return answer;
  }

  private void failed(Version<I, O> version, @Nullable LaneFigures counted, CallEnd end) {
    if (counted != null) {
      counted.failedAlone(end);
    }
    tell(version, end, 1);
  }

  private static void coded(@Nullable LaneFigures counted, Lane lane) {
    if (counted != null && lane.encodeNanos() + lane.decodeNanos() > 0) {
      counted.coded(lane.encodeNanos(), lane.decodeNanos());
    }
    lane.time(false);
  }

  /**
   * The rows, which {@code validated} has accepted if there is one, of a bulk call whose caller
   * holds the lane.
   */
  List<Outcome<O>> runOwnAll(
      Lane lane,
      List<I> rows,
      @Nullable Version<I, O> validated,
      @Nullable Version<I, O> only,
      Order order) {
    Version<I, O> version = lease(lane, only, order, rows.size());
    try {
      BatchRun<I, O> run = new BatchRun<>(line, version, lane, null);
      run.add(rows, validated);
      lane.time(lane.samplesBatchStages());
      long begin = line.nanos();
      List<Outcome<O>> outcomes = run.run();
      long end = line.nanos();
      if (!order.trial()) {
        int weight = 0;
        for (I row : rows) {
          weight += version.rows(row);
        }
        LaneFigures counted = version.figures(lane);
        if (counted != null) {
          counted.ran(Release.CALLER, weight, end - begin);
          counted.ranTogether(outcomes, end - begin);
          coded(counted, lane);
        }
        tellFailures(version, outcomes, 0, outcomes.size());
        tellRun(version, lane, Release.CALLER, weight, outcomes, 0, end - begin, end, List.of());
      }
      return outcomes;
    } finally {
      lane.time(false);
      leasing.release(lane, version);
    }
  }

  /** On a lane: runs, and delivers the answers. Never throws. */
  void runBatch(Lane lane, Batch<I, O> batch) {
    Version<I, O> pinned = batch.calls().get(0).pinned();
    Version<I, O> version = leased(lane, pinned);
    if (version == null) {
      InferenceException none = pinned == null ? slot.unavailable() : slot.gone(pinned);
      batch.deliver(lane, null, all(batch, Outcome.failed(none)), line.nanos());
      return;
    }
    try {
      runBatch(lane, batch, version);
    } finally {
      leasing.release(lane, version);
    }
  }

  private static <I, O> List<Outcome<O>> all(Batch<I, O> batch, Outcome<O> outcome) {
    return Collections.nCopies(batch.allRows(), outcome);
  }

  private void runBatch(Lane lane, Batch<I, O> batch, Version<I, O> version) {
    FlightEvents.Batch event = new FlightEvents.Batch();
    List<Object> attachments = batch.attachments();
    lane.time(!attachments.isEmpty() || lane.samplesBatchStages());
    event.begin();
    long begin = line.nanos();
    List<Outcome<O>> outcomes = outcomes(lane, batch, version);
    long end = line.nanos();
    long queued = begin - batch.calls().get(0).start();
    if (event.shouldCommit()) {
      event.lane = lane.index();
      event.release = batch.release().name();
      event.rows = batch.rows();
      event.answered = answered(outcomes);
      event.queueTime = queued;
      event.encodeTime = lane.encodeNanos();
      event.decodeTime = lane.decodeNanos();
      event.of(version.info());
      event.commit();
    }
    LaneFigures counted = version.figures(lane);
    if (counted != null) {
      counted.ran(batch.release(), batch.rows(), end - begin);
    }
    tellRun(
        version,
        lane,
        batch.release(),
        batch.rows(),
        outcomes,
        queued,
        end - begin,
        end,
        attachments);
    coded(counted, lane);
    batch.deliver(lane, version, outcomes, begin);
  }

  private List<Outcome<O>> outcomes(Lane lane, Batch<I, O> batch, Version<I, O> version) {
    try {
      BatchRun<I, O> run = new BatchRun<>(line, version, lane, batch);
      for (Call<I, O> call : batch.calls()) {
        run.add(call.rows(), call.validated());
      }
      return run.run();
    } catch (Throwable e) {
      // Only an error in here or a backend's in batchesWith gets here: these rows fail, the lane
      // goes on.
      return all(
          batch,
          Outcome.failed(
              new PredictionFailedException(version.info().label() + " failed: " + e, e)));
    }
  }

  private static int answered(List<? extends Outcome<?>> outcomes) {
    int answered = 0;
    for (Outcome<?> outcome : outcomes) {
      answered += outcome.succeeded() ? 1 : 0;
    }
    return answered;
  }

  private void tellRun(
      Version<I, O> version,
      Lane lane,
      Release release,
      int rows,
      List<Outcome<O>> outcomes,
      long queueNanos,
      long nanos,
      long end,
      List<Object> attachments) {
    if (listeners.isActive()) {
      int failed = outcomes.size() - answered(outcomes);
      listeners.ran(
          version.info(),
          lane,
          release,
          rows,
          Math.max(0, rows - failed),
          queueNanos,
          nanos,
          end,
          attachments);
    }
  }

  /** Those of rows {@code [from, to)} that have no answer. */
  void tellFailures(@Nullable Version<I, O> version, List<Outcome<O>> outcomes, int from, int to) {
    for (int i = from; i < to; i++) {
      if (!outcomes.get(i).succeeded()) {
        tell(version, CallEnd.of(outcomes.get(i).failure()), 1);
      }
    }
  }

  void swapped(@Nullable ModelInfo before, ModelInfo model) {
    FlightEvents.swapped(before, model);
    if (listeners.isActive()) {
      listeners.swapped(before, model);
    }
  }

  /** The version's last run is over. */
  void over(ModelInfo model, @Nullable VersionFigures counted) {
    if (counted != null) {
      figures.end(counted);
    }
    FlightEvents.retired(model);
    if (listeners.isActive()) {
      listeners.retired(model);
    }
  }
}
