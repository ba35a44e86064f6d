package dev.inflight;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * The predictor of a slot: decides who runs a row.
 *
 * <p>Invariant: {@code lanes.enter()} and {@code lanes.exit()} pair up on every path of a blocking
 * call.
 */
final class SlotPredictor<I, O> implements Predictor<I, O> {
  private final ModelSlot<I, O> slot;
  private final Lanes lanes;

  SlotPredictor(ModelSlot<I, O> slot) {
    this.slot = slot;
    lanes = slot.lanes();
  }

  @Override
  public O predict(I row) {
    Objects.requireNonNull(row, "row");
    Lane lane = lanes.enter();
    try {
      return lane == null
          ? queued(List.of(row), CallOptions.defaults(), true).prediction().value()
          : slot.runOwn(lane, row, null).value();
    } finally {
      lanes.exit(lane);
    }
  }

  @Override
  public Prediction<O> call(I row, CallOptions options) {
    Objects.requireNonNull(row, "row");
    // A caller inside native code cannot leave it, so a call with a timeout goes to a lane's
    // thread.
    Lane lane = options.timeout().isPresent() ? null : lanes.enter();
    try {
      if (lane == null) {
        return queued(List.of(row), options, true).prediction();
      }
      Answered model = new Answered();
      O value = slot.runOwn(lane, row, info -> model.info = info).value();
      return new Prediction<>(value, Objects.requireNonNull(model.info), lane.nextCallId());
    } finally {
      if (options.timeout().isEmpty()) {
        lanes.exit(lane);
      }
    }
  }

  @Override
  public O predict(I row, CallOptions options) {
    return options.timeout().isEmpty() ? predict(row) : call(row, options).value();
  }

  @Override
  public CompletableFuture<Prediction<O>> submit(I row, CallOptions options) {
    Objects.requireNonNull(row, "row");
    CallFuture<O> future = new CallFuture<>();
    Call<I, O> call = new Call<>(slot, List.of(row), options, future);
    future.cancel = call::giveUp;
    slot.accept(call, true);
    call.armTimer();
    return future;
  }

  @Override
  public List<O> predictAll(List<? extends I> rows) {
    if (rows.isEmpty()) {
      return List.of();
    }
    Lane lane = lanes.enter();
    List<Outcome<O>> outcomes;
    try {
      outcomes =
          lane == null
              ? queued(List.copyOf(rows), CallOptions.defaults(), false).outcomes()
              : slot.runOwnAll(lane, List.copyOf(rows));
    } finally {
      lanes.exit(lane);
    }
    List<O> answers = new ArrayList<>(outcomes.size());
    for (Outcome<O> outcome : outcomes) {
      answers.add(outcome.value());
    }
    return answers;
  }

  private Call<I, O> queued(List<? extends I> rows, CallOptions options, boolean bounded) {
    Call<I, O> call = new Call<>(slot, rows, options, null);
    slot.accept(call, bounded);
    call.await();
    return call;
  }

  /** Where a run says which version it used. */
  private static final class Answered {
    @Nullable ModelInfo info;
  }

  /** Cancelling takes the row out of the queue. */
  private static final class CallFuture<O> extends CompletableFuture<Prediction<O>> {
    private volatile Runnable cancel = () -> {};

    @Override
    public boolean cancel(boolean mayInterruptIfRunning) {
      boolean cancelled = super.cancel(mayInterruptIfRunning);
      if (cancelled) {
        cancel.run();
      }
      return cancelled;
    }
  }
}
