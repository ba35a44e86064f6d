package dev.inflight;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The predictor of a slot: decides who runs a row.
 *
 * <p>Invariant: every lane that is taken is left, and {@code dispatcher.enter()} and {@code exit()}
 * pair up, on every path of a blocking call.
 */
final class SlotPredictor<I, O> implements Predictor<I, O> {
  private final ModelSlot<I, O> slot;
  private final Line<I, O> line;
  private final Runs<I, O> runs;
  private final BatchingRule rule;
  private final Dispatcher dispatcher;
  private final @Nullable Bulkhead bulkhead;
  private final int lanes;
  private final @Nullable Version<I, O> only;
  private final Runs.Order order;
  private final boolean trial;
  private final Probe probe = new Probe();

  /** Of whatever is current, or of {@code only} that version; for calls or for trials of it. */
  SlotPredictor(
      ModelSlot<I, O> slot,
      Line<I, O> line,
      Lanes lanes,
      @Nullable Version<I, O> only,
      Runs.Order order) {
    this.slot = slot;
    this.line = line;
    runs = slot.runs();
    this.only = only;
    this.order = order;
    trial = order.trial();
    rule = line.rule();
    dispatcher = lanes.dispatcher();
    bulkhead = trial ? null : lanes.bulkhead();
    this.lanes = lanes.size();
  }

  @Override
  public O predict(I row) {
    Objects.requireNonNull(row, "row");
    Lane own = laneBesideTheQueue();
    if (own != null) {
      return predictOn(own, row);
    }
    boolean mayTry = dispatcher.enter();
    try {
      Lane lane = mayTry ? ownLane() : null;
      return lane == null
          ? queued(List.of(row), CallOptions.defaults()).value()
          : predictOn(lane, row);
    } finally {
      dispatcher.exit();
    }
  }

  /** A trial must not hold a lane that calls wait for: it may hang. */
  private @Nullable Lane laneBesideTheQueue() {
    if (trial) {
      return dispatcher.trySpareLane();
    }
    return rule.isDirect() ? dispatcher.tryAnyLane(bulkhead) : null;
  }

  private O predictOn(Lane lane, I row) {
    try {
      return runs.runOwn(lane, row, only, order);
    } finally {
      dispatcher.leave(lane, bulkhead);
    }
  }

  @Override
  public Prediction<O> call(I row, CallOptions options) {
    Objects.requireNonNull(row, "row");
    if (isOfAnother(options)) {
      return of(options).call(row, options);
    }
    // A caller inside native code cannot leave it, so a call with a timeout goes to a lane's
    // thread.
    boolean onCaller = options.timeout().isEmpty() || line.batching().callerRuns();
    Lane own = onCaller ? laneBesideTheQueue() : null;
    if (own != null) {
      return callOn(own, row, options);
    }
    boolean mayTry = dispatcher.enter();
    try {
      Lane lane = mayTry && onCaller ? ownLane() : null;
      return lane == null ? queued(List.of(row), options).prediction() : callOn(lane, row, options);
    } finally {
      dispatcher.exit();
    }
  }

  private boolean isOfAnother(CallOptions options) {
    return options.version().isPresent()
        && (only == null || !only.info().version().equals(options.version().get()));
  }

  private Predictor<I, O> of(CallOptions options) {
    return slot.resident(options.version().orElseThrow()).predictor();
  }

  private Prediction<O> callOn(Lane lane, I row, CallOptions options) {
    Runs.Order with =
        options.attachment().isEmpty()
            ? order
            : new Runs.Order(order.trial(), List.of(options.attachment().get()));
    try {
      return runs.callOwn(lane, row, only, with);
    } finally {
      dispatcher.leave(lane, bulkhead);
    }
  }

  /** A lane for a caller that may try for one; null if it has to wait its turn. */
  private @Nullable Lane ownLane() {
    if (!rule.runsOnCaller() || (VirtualThreads.isCurrent() && probe.isDue())) {
      return null;
    }
    Lane lane = dispatcher.tryLane(bulkhead);
    if (lane != null && dispatcher.hasQueued()) {
      // Somebody queued while the lane was being taken and may have counted on it.
      dispatcher.leave(lane, bulkhead);
      return null;
    }
    return lane;
  }

  private Call<I, O> queued(List<I> rows, CallOptions options) {
    Call<I, O> call = new Call<>(line, rows, options, only, null).asTrial(order.trial());
    slot.accept(call, true);
    call.await();
    if (VirtualThreads.isCurrent()) {
      probe.returned(dispatcher.isCrowded());
    }
    return call;
  }

  @Override
  public O predict(I row, CallOptions options) {
    return options.isPlain() ? predict(row) : call(row, options).value();
  }

  @Override
  public CompletableFuture<Prediction<O>> submit(I row, CallOptions options) {
    Objects.requireNonNull(row, "row");
    if (isOfAnother(options)) {
      return of(options).submit(row, options);
    }
    CallFuture<O> future = new CallFuture<>();
    Call<I, O> call = new Call<>(line, List.of(row), options, only, future).asTrial(order.trial());
    future.call = call;
    slot.accept(call, true);
    call.armTimer();
    return future;
  }

  @Override
  public List<O> predictAll(List<? extends I> rows) {
    if (rows.isEmpty()) {
      return List.of();
    }
    List<I> copy = List.copyOf(rows);
    Version<I, O> version = only == null ? slot.live(copy.size()) : only;
    copy.forEach(row -> validate(version, row)); // no work for a list that cannot be answered
    List<O> answers = new ArrayList<>(copy.size());
    if (copy.size() <= rule.cap()) {
      boolean mayTry = dispatcher.enter();
      try {
        Lane lane = mayTry ? dispatcher.tryLane(bulkhead) : null;
        if (lane != null) {
          try {
            runs.runOwnAll(lane, copy, version, only, order)
                .forEach(outcome -> answers.add(outcome.value()));
            return answers;
          } finally {
            dispatcher.leave(lane, bulkhead);
          }
        }
      } finally {
        dispatcher.exit();
      }
    }
    predictAll(
        copy.iterator(), CallOptions.defaults(), (index, outcome) -> answers.add(outcome.value()));
    return answers;
  }

  private void validate(Version<I, O> version, I row) {
    try {
      version.model().validate(row);
    } catch (InferenceException e) {
      if (!order.trial()) {
        runs.ended(version, CallEnd.of(e), 1);
      }
      throw e;
    }
  }

  @Override
  public BulkProgress predictAll(
      Iterator<? extends I> rows, CallOptions options, BulkSink<? super O> sink) {
    if (isOfAnother(options)) {
      return of(options).predictAll(rows, options, sink);
    }
    Version<I, O> version = only == null ? slot.pin() : slot.pin(only);
    try {
      return new Bulk<>(line, version, lanes, options, sink).run(rows);
    } finally {
      slot.unpin(version);
    }
  }

  /**
   * A virtual caller that runs its own row keeps its carrier, so company can never show itself: now
   * and then one waits instead. All fields are racy; a lost update is a probe more or less.
   */
  private static final class Probe {
    private static final int SHORTEST = 16;
    private static final int LONGEST = 1024;
    private int period = SHORTEST;
    private int left = SHORTEST;

    boolean isDue() {
      if (--left > 0) {
        return false;
      }
      left = period;
      return true;
    }

    /** A virtual caller has waited, and met others or not. */
    void returned(boolean crowded) {
      period = crowded ? SHORTEST : Math.min(LONGEST, 2 * period);
    }
  }

  /** Cancelling it takes the row out of the queue. */
  private static final class CallFuture<O> extends CompletableFuture<Prediction<O>> {
    private volatile @Nullable Call<?, O> call;

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      boolean cancelled = super.cancel(mayInterruptIfRunning);
      Call<?, O> waiting = call;
      if (cancelled && waiting != null) {
        waiting.cancel();
      }
      return cancelled;
    }
  }
}
