package dev.inflight;

import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * One model in a slot, with its runners.
 *
 * <p>Invariant: a lane calls in only between {@code lease} and {@code release} of its {@link
 * Leasing}; {@link #end} runs once, on the reaper, when the version is retired and no lane holds
 * it.
 */
final class Version<I, O> {
  /** What it has on one lane, for the lane's holder: together, for they are used together. */
  private static final class Seat<I, O> {
    private @Nullable Runner<I, O> runner;
    private final @Nullable LaneFigures figures;

    Seat(@Nullable LaneFigures figures) {
      this.figures = figures;
    }
  }

  private final Model<I, O> model;
  private final ModelInfo info;
  private final @Nullable Seat<I, O>[] seats;
  private final RunCost cost = new RunCost();
  private final @Nullable VersionFigures figures;
  private final AtomicInteger pins = new AtomicInteger();
  private final Runnable whenOver;
  private final CompletableFuture<Model<I, O>> ended = new CompletableFuture<>();
  private volatile boolean keepModel;

  /** Written after the version stopped being current; read by releasing lanes. */
  volatile boolean retired;

  /**
   * Written by the reaper once nobody pins a retired version; read by lanes that lease for a pin.
   */
  volatile boolean unpinned;

  private boolean over;

  /** Of no slot: nobody counts what it does. */
  Version(Model<I, O> model, int lanes) {
    this(model, lanes, null, () -> {});
  }

  /** {@code whenOver} runs when no lane can come any more, before the model closes. */
  @SuppressWarnings("unchecked")
  Version(Model<I, O> model, int lanes, @Nullable VersionFigures figures, Runnable whenOver) {
    this.model = model;
    this.info = model.info();
    this.figures = figures;
    this.whenOver = whenOver;
    this.seats = (Seat<I, O>[]) new Seat<?, ?>[lanes];
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

  /** How many rows {@code row} counts for; at least 1 whatever the backend says. */
  int rows(I row) {
    return Math.max(1, model.rows(row));
  }

  /** The most rows of a native run now; at least 1 whatever the backend says. */
  int maxBatch() {
    return Math.max(1, model.maxBatch());
  }

  /** What it did; null if nothing is counted. */
  @Nullable VersionFigures figures() {
    return figures;
  }

  /** The same, by {@code lane}, for its holder. */
  @Nullable LaneFigures figures(Lane lane) {
    return seat(lane).figures;
  }

  /** What its runs cost. */
  RunCost cost() {
    return cost;
  }

  /** How many bulk calls keep it for themselves; see {@link Leasing#pin}. */
  AtomicInteger pins() {
    return pins;
  }

  /** For whoever holds the lane: the first run on it makes its buffers and says nothing. */
  boolean hasRunOn(Lane lane) {
    return seat(lane).runner != null;
  }

  private Seat<I, O> seat(Lane lane) {
    Seat<I, O> seat = seats[lane.index()];
    if (seat == null) {
      seat = new Seat<>(figures == null ? null : figures.on(lane));
      seats[lane.index()] = seat;
    }
    return seat;
  }

  private Runner<I, O> runner(Lane lane) throws Exception {
    Seat<I, O> seat = seat(lane);
    Runner<I, O> runner = seat.runner;
    if (runner == null) {
      runner = model.newRunner(lane);
      seat.runner = runner;
    }
    return runner;
  }

  /**
   * The answer to a row of a caller that holds the lane.
   *
   * @throws InferenceException the row's failure, whatever the backend threw
   */
  O runOne(Lane lane, I row) {
    try {
      model.validate(row);
      O answer = runner(lane).runOne(row);
      if (answer == null) {
        throw new PredictionFailedException(info.label() + ": expected an answer, got null");
      }
      return answer;
    } catch (InferenceException e) {
      throw e;
    } catch (Throwable e) {
      throw failed(e);
    }
  }

  /**
   * One outcome per row, from one run of the backend; the list may change with the next run.
   *
   * @throws InferenceException if the run failed as a whole
   */
  List<Outcome<O>> run(Lane lane, List<? extends I> rows, @Nullable Batch<I, O> batch) {
    try {
      Runner<I, O> runner = runner(lane);
      if (batch != null && !batch.enter(runner)) {
        throw new PredictionFailedException(info.label() + ": nobody waits for the answers");
      }
      List<Outcome<O>> outcomes;
      try {
        outcomes = runner.run(rows);
      } finally {
        if (batch != null) {
          batch.leave();
        }
      }
      if (outcomes.size() != rows.size()) {
        throw new PredictionFailedException(
            info.label() + ": expected " + rows.size() + " answers, got " + outcomes.size());
      }
      for (int i = 0; i < outcomes.size(); i++) {
        Objects.requireNonNull(outcomes.get(i), "outcome");
      }
      return outcomes;
    } catch (InferenceException e) {
      throw e;
    } catch (Throwable e) {
      // Whatever a backend throws, an Error included, belongs to these rows; the lane goes on.
      throw failed(e);
    }
  }

  private PredictionFailedException failed(Throwable e) {
    return new PredictionFailedException(info.label() + " failed: " + e, e);
  }

  /** On the reaper only. Closes runners and model; a second call does nothing. */
  void end() {
    if (over) {
      return;
    }
    over = true;
    Throwable failure = attempt(whenOver, null);
    for (Seat<I, O> seat : seats) {
      Runner<I, O> runner = seat == null ? null : seat.runner;
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
