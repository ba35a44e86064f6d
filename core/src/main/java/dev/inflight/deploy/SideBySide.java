package dev.inflight.deploy;

import dev.inflight.CallOptions;
import dev.inflight.DeadlineExceededException;
import dev.inflight.InferenceException;
import dev.inflight.InvalidInputException;
import dev.inflight.Prediction;
import dev.inflight.PredictionFailedException;
import dev.inflight.Predictor;
import dev.inflight.Resident;
import dev.inflight.deploy.CanaryReport.Verdict;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Two versions side by side: decides which of them a call sees, shows some calls to both, and keeps
 * the evidence.
 *
 * <p>Invariant: a caller gets the answer of the version that its call saw, and never waits for the
 * other one. Every pair that starts is counted or dropped once, in the epoch in which it started.
 */
final class SideBySide<I, O> implements AutoCloseable {
  /** What it is for. */
  enum Mode {
    /** The candidate shall serve, or not. */
    CANARY,
    /** The candidate serves already, and is watched. */
    PROBATION,
    /** Both are what serves: nothing may be proven. */
    SELF_CHECK
  }

  private static final Logger log = LoggerFactory.getLogger(SideBySide.class);

  /** Pairs in flight: an epoch is 64. */
  private static final int EPOCHS = 16;

  private static final long TICK_MILLIS = 100;

  /** Requests that may wait for their truth: an hour at 18 a second. */
  private static final int LABELS = 65_536;

  private final String name;
  private final Resident<I, O> live;
  private final Resident<I, O> candidate;
  private final Rollout.Canary rollout;
  private final Mode mode;
  private final Panel panel;
  private final Epochs epochs;
  private final Assessment trial;
  private final Labels<Object> labels;
  private final boolean labelled;
  private final Ramp<I, O> ramp;
  private final Twins<I, O> twins;
  private final Runnable decided;
  private int ran; // pairs, of the twins' one runner
  private volatile @Nullable String hung;
  private volatile @Nullable Future<?> ticking;
  private boolean told; // the ticker's

  /**
   * @param trial takes the evidence, which may have some already
   * @param candidate in a self-check what serves, like {@code live}
   * @param decided called when there may be a verdict, on a timer thread
   */
  SideBySide(
      String name,
      Resident<I, O> live,
      Resident<I, O> candidate,
      Rollout.Canary rollout,
      Assessment trial,
      Mode mode,
      Runnable decided) {
    this.name = name;
    this.live = live;
    this.candidate = candidate;
    this.rollout = rollout;
    this.trial = trial;
    this.mode = mode;
    this.decided = decided;
    panel = trial.panel();
    LongSupplier nanos = System::nanoTime;
    epochs = new Epochs(panel.width(), EPOCHS, 2 * Twins.PATIENCE.toNanos(), nanos);
    labelled = rollout.options().signals().containsKey(CanaryOptions.Signal.CORRECTNESS);
    labels = new Labels<>(LABELS, rollout.options().maturity().toNanos(), nanos);
    ramp = new Ramp<>(candidate, rollout);
    twins = new Twins<>(live, candidate, rollout.tolerance(), this::finish, this::hang);
  }

  void start() {
    ticking =
        Clockwork.timer()
            .scheduleWithFixedDelay(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
  }

  boolean uses(Resident<?, ?> version) {
    return version == live || version == candidate;
  }

  Mode mode() {
    return mode;
  }

  boolean decides() {
    return rollout.decides();
  }

  // --- calls -----------------------------------------------------------------------------------

  Prediction<O> call(I row, CallOptions options, Predictor<I, O> serving) {
    boolean seesCandidate = seesCandidate(options);
    long ticket = sample();
    try {
      Prediction<O> answer =
          seesCandidate ? ramp.call(row, options, serving) : serving.call(row, options);
      if (ticket != Epochs.REFUSED) {
        answered(ticket, Twins.copied(row), answer);
      }
      return answer;
    } catch (InferenceException e) {
      failed(ticket, row, options, e, seesCandidate);
      throw e;
    } catch (RuntimeException | Error e) {
      drop(ticket);
      throw e;
    }
  }

  CompletableFuture<Prediction<O>> submit(I row, CallOptions options, Predictor<I, O> serving) {
    boolean seesCandidate = seesCandidate(options);
    CompletableFuture<Prediction<O>> future =
        seesCandidate ? ramp.submit(row, options, serving) : serving.submit(row, options);
    long ticket = sample();
    return ticket == Epochs.REFUSED ? future : seen(ticket, row, options, future, seesCandidate);
  }

  /**
   * What the caller waits for: it comes when its answer has been copied, from then on it is his.
   */
  private CompletableFuture<Prediction<O>> seen(
      long ticket,
      I row,
      CallOptions options,
      CompletableFuture<Prediction<O>> future,
      boolean seesCandidate) {
    I copy = Twins.copied(row); // from the answer on the row is the caller's again
    CompletableFuture<Prediction<O>> seen = new CompletableFuture<>();
    var unused =
        future.whenComplete(
            (answer, failure) -> {
              try {
                if (answer != null) {
                  answered(ticket, copy, answer);
                } else if (failure instanceof InferenceException e) {
                  failed(ticket, copy, options, e, seesCandidate);
                } else {
                  drop(ticket);
                }
              } finally {
                if (failure == null) {
                  seen.complete(answer);
                } else {
                  seen.completeExceptionally(failure);
                }
              }
            });
    var unusedToo =
        seen.whenComplete(
            (answer, failure) -> {
              if (seen.isCancelled()) {
                future.cancel(false);
              }
            });
    return seen;
  }

  private boolean seesCandidate(CallOptions options) {
    return mode == Mode.CANARY && ramp.shows(options, trial.elapsed());
  }

  // --- pairs -----------------------------------------------------------------------------------

  private long sample() {
    double share = rollout.options().sampleShare();
    boolean sampled = share >= 1 || ThreadLocalRandom.current().nextDouble() < share;
    return sampled && twins.hasRoom() ? epochs.start() : Epochs.REFUSED;
  }

  private void answered(long ticket, I row, Prediction<O> answer) {
    if (labelled) {
      labels.start(answer.id());
    }
    boolean fromCandidate =
        mode != Mode.SELF_CHECK && answer.model().version().equals(candidate.info().version());
    O copy = Twins.copied(answer.value()); // the caller may write to its own
    if (!twins.offer(
        new Twins.Seen<>(ticket, row, copy, fromCandidate, answer.id(), Long.MAX_VALUE))) {
      drop(ticket);
    }
  }

  private void failed(
      long ticket, I row, CallOptions options, InferenceException failure, boolean seesCandidate) {
    if (ticket == Epochs.REFUSED) {
      return;
    }
    boolean fromCandidate = seesCandidate || mode == Mode.PROBATION; // then it is what serves
    boolean late = counts(failure, fromCandidate);
    long limit = late ? options.timeout().orElseThrow().toNanos() : Long.MAX_VALUE;
    if (!(late || isOfTheModel(failure))
        || !twins.offer(
            new Twins.Seen<>(ticket, Twins.copied(row), null, fromCandidate, Twins.NO_ID, limit))) {
      drop(ticket);
    }
  }

  /**
   * Whether a call that was too late says something: it was running, not queued. More callers see
   * one version than the other; of those that see the more visible one as many are left out as make
   * both equally likely to be found late, or equal ones would differ.
   */
  private boolean counts(InferenceException failure, boolean fromCandidate) {
    if (mode != Mode.CANARY || !(failure instanceof DeadlineExceededException e) || !e.running()) {
      return false;
    }
    double visible = rollout.share(trial.elapsed());
    double seen = fromCandidate ? visible : 1 - visible;
    return ThreadLocalRandom.current().nextDouble() * seen < 1 - seen;
  }

  /** Only what the model did says something of it: not that a queue was full. */
  static boolean isOfTheModel(InferenceException failure) {
    return failure instanceof PredictionFailedException || failure instanceof InvalidInputException;
  }

  private void drop(long ticket) {
    if (ticket != Epochs.REFUSED) {
      epochs.finish(ticket, Epochs.Finding.DROPPED); // a tick collects: this may be a caller
    }
  }

  private void finish(Twins.Seen<I, O> seen, @Nullable Pair pair, @Nullable O other) {
    if (pair == null) {
      drop(seen.ticket());
      return;
    }
    Pair counted = ran++ < Panel.WARMUP_PAIRS ? pair.untimed() : pair;
    epochs.finish(seen.ticket(), counters -> panel.count(counted, counters));
    O answer = seen.answer();
    if (labelled && answer != null && other != null) {
      labels.answered(
          seen.id(),
          rollout.label().apply(seen.fromCandidate() ? other : answer),
          rollout.label().apply(seen.fromCandidate() ? answer : other));
    }
    collect();
  }

  private void hang(DeadlineExceededException e) {
    String whose = mode == Mode.SELF_CHECK ? "what serves" : "the candidate";
    hung = "a run of " + whose + " did not end within " + Twins.PATIENCE.toSeconds() + " s";
  }

  private void tick() {
    try {
      // A run that hangs ends by its own timeout. What is late waits behind others, or for a live
      // version that takes its time: neither is the candidate's fault.
      epochs.tick(ticket -> Epochs.Finding.DROPPED);
      collect();
      trial.add(labels);
    } catch (RuntimeException | StackOverflowError | LinkageError e) {
      tell("the answers' own code failed", e);
    }
    try {
      decided.run();
    } catch (RuntimeException | StackOverflowError | LinkageError e) {
      tell("the verdict could not be acted on", e);
    }
  }

  /** What is thrown ends no ticker: the next tick tries again. */
  private void tell(String what, Throwable e) {
    if (!told) {
      told = true;
      log.error("{}: comparison: {}; it goes on, and says so once", name, what, e);
    }
  }

  private void collect() {
    epochs.collect((epoch, row) -> trial.add(row));
  }

  /** The truth about a call that this process answered; false if it comes too late, or again. */
  boolean feedback(long id, Object truth) {
    return labelled && labels.label(id, truth);
  }

  // --- verdict ---------------------------------------------------------------------------------

  /** Pending until evidence is enough and, for a promotion, the ramp over. */
  Verdict verdict() {
    return hung == null ? trial.verdict() : verdictOfAHang();
  }

  private Verdict verdictOfAHang() {
    return mode == Mode.SELF_CHECK ? Verdict.HOLD : Verdict.ROLL_BACK;
  }

  boolean isProbationOver() {
    return mode == Mode.PROBATION && trial.elapsed().compareTo(rollout.options().probation()) >= 0;
  }

  String reason() {
    String hangs = hung;
    return hangs == null ? trial.report().reason() : hangs;
  }

  CanaryReport report() {
    CanaryReport report = trial.report();
    String hangs = hung;
    return hangs == null
        ? report
        : new CanaryReport(
            verdictOfAHang(),
            hangs,
            report.attempt(),
            report.pairs(),
            report.elapsed(),
            report.signals());
  }

  @Override
  public void close() {
    Future<?> task = ticking;
    if (task != null) {
      task.cancel(false);
    }
    twins.close();
    trial.stop();
  }

  @Override
  public String toString() {
    return name + ": " + candidate + " beside " + live;
  }
}
