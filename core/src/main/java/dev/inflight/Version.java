package dev.inflight;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;

/**
 * One model in a slot, with its runners.
 *
 * <p>Invariant: a lane calls in only between {@code lease} and {@code release} of its {@link
 * Leasing}; {@link #end} runs once, on the reaper, when the version is retired and no lane holds
 * it.
 */
final class Version<I, O> {
  private final Model<I, O> model;
  private final ModelInfo info;
  private final @Nullable Runner<I, O>[] runners;
  private final CompletableFuture<Model<I, O>> ended = new CompletableFuture<>();
  private volatile boolean keepModel;

  /** Written after the version stopped being current; read by releasing lanes. */
  volatile boolean retired;

  private boolean over;

  @SuppressWarnings("unchecked")
  Version(Model<I, O> model, int lanes) {
    this.model = model;
    this.info = model.info();
    this.runners = (Runner<I, O>[]) new Runner<?, ?>[lanes];
  }

  Model<I, O> model() {
    return model;
  }

  ModelInfo info() {
    return info;
  }

  /**
   * Before the version is retired: whether {@link #end} gives the model back instead of closing it.
   */
  void keepModel(boolean keep) {
    keepModel = keep;
  }

  /** Completes, with the model, when nothing uses it any more. */
  CompletableFuture<Model<I, O>> ended() {
    return ended;
  }

  /** One outcome per row, whatever the backend does. */
  List<Outcome<O>> run(Lane lane, List<? extends I> rows) {
    try {
      Runner<I, O> runner = runners[lane.index()];
      if (runner == null) {
        runner = model.newRunner(lane);
        runners[lane.index()] = runner;
      }
      List<Outcome<O>> outcomes = runner.run(rows);
      if (outcomes.size() != rows.size()) {
        return allFailed(
            rows.size(),
            new PredictionFailedException(
                info.label() + ": expected " + rows.size() + " answers, got " + outcomes.size()));
      }
      for (int i = 0; i < outcomes.size(); i++) {
        Objects.requireNonNull(outcomes.get(i), "outcome");
      }
      return outcomes;
    } catch (InferenceException e) {
      return allFailed(rows.size(), e);
    } catch (Throwable e) {
      // Whatever a backend throws, an Error included, belongs to these rows; the lane goes on.
      return allFailed(
          rows.size(), new PredictionFailedException(info.label() + " failed: " + e, e));
    }
  }

  /** Several rows, each in a run of its own. */
  List<Outcome<O>> runOneByOne(Lane lane, List<? extends I> rows) {
    List<Outcome<O>> outcomes = new java.util.ArrayList<>(rows.size());
    for (I row : rows) {
      Lane.Single<I> single = lane.single(row);
      outcomes.add(run(lane, single).get(0));
      single.forget();
    }
    return outcomes;
  }

  private static <O> List<Outcome<O>> allFailed(int rows, InferenceException e) {
    return java.util.Collections.nCopies(rows, Outcome.failed(e));
  }

  /** On the reaper only. Closes runners and model; a second call does nothing. */
  void end() {
    if (over) {
      return;
    }
    over = true;
    Throwable failure = null;
    for (int i = 0; i < runners.length; i++) {
      Runner<I, O> runner = runners[i];
      if (runner != null) {
        failure = attempt(runner::close, failure);
      }
    }
    if (!keepModel) {
      failure = attempt(model::close, failure);
    }
    if (failure == null) {
      ended.complete(model);
    } else {
      ended.completeExceptionally(failure);
    }
  }

  private static @Nullable Throwable attempt(Runnable close, @Nullable Throwable before) {
    try {
      close.run();
      return before;
    } catch (Throwable e) {
      // One failure must not keep the rest open.
      if (before != null) {
        before.addSuppressed(e);
        return before;
      }
      return e;
    }
  }
}
