package dev.inflight.deploy;

import dev.inflight.CallOptions;
import dev.inflight.DeadlineExceededException;
import dev.inflight.InferenceException;
import dev.inflight.ModelUnavailableException;
import dev.inflight.Prediction;
import dev.inflight.PredictionFailedException;
import dev.inflight.Predictor;
import dev.inflight.Resident;
import dev.inflight.deploy.CanaryReport.Verdict;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Two versions side by side: decides which of them a call sees, shows some calls to both, and keeps
 * the evidence.
 *
 * <p>Invariant: a caller gets the answer of the version that its call saw, and never waits for the
 * other one. Every pair that starts is counted or dropped once, in the epoch in which it started.
 */
final class SideBySide<I, O> implements AutoCloseable {
  /** Pairs in flight: an epoch is 64. */
  private static final int EPOCHS = 16;

  private static final long TICK_MILLIS = 100;

  /** Requests that may wait for their truth: an hour at 18 a second. */
  private static final int LABELS = 65_536;

  private final String name;
  private final Resident<I, O> live;
  private final Resident<I, O> candidate;
  private final Rollout.Canary rollout;
  private final boolean probation;
  private final Panel panel;
  private final Epochs epochs;
  private final Trial trial;
  private final Labels<Object> labels;
  private final Twins<I, O> twins;
  private final long begin;
  private final LongSupplier nanos = System::nanoTime;
  private final Runnable decided;
  private volatile @Nullable String hung;
  private volatile @Nullable Future<?> ticking;

  /**
   * @param probation whether the candidate serves already, and is watched
   * @param decided called when there may be a verdict, on a timer thread
   */
  SideBySide(
      String name,
      Resident<I, O> live,
      Resident<I, O> candidate,
      Rollout.Canary rollout,
      boolean probation,
      int attempt,
      Runnable decided) {
    this.name = name;
    this.live = live;
    this.candidate = candidate;
    this.rollout = rollout;
    this.probation = probation;
    this.decided = decided;
    panel = Panel.of(rollout.options());
    epochs = new Epochs(panel.width(), EPOCHS, 2 * Twins.PATIENCE.toNanos(), nanos);
    trial = new Trial(panel, rollout.options(), attempt, nanos);
    labels = new Labels<>(LABELS, rollout.options().maturity().toNanos(), nanos);
    twins = new Twins<>(live, candidate, rollout.tolerance(), this::finish, this::hang);
    begin = nanos.getAsLong();
  }

  void start() {
    ticking =
        Clockwork.timer()
            .scheduleWithFixedDelay(this::tick, TICK_MILLIS, TICK_MILLIS, TimeUnit.MILLISECONDS);
  }

  Resident<I, O> candidate() {
    return candidate;
  }

  boolean uses(Resident<I, O> resident) {
    return live == resident || candidate == resident;
  }

  boolean isProbation() {
    return probation;
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
          seesCandidate ? visible(row, options, serving) : serving.call(row, options);
      answered(ticket, row, answer);
      return answer;
    } catch (InferenceException e) {
      failed(ticket, row, e, seesCandidate);
      throw e;
    } catch (RuntimeException | Error e) {
      drop(ticket);
      throw e;
    }
  }

  private Prediction<O> visible(I row, CallOptions options, Predictor<I, O> serving) {
    try {
      return candidate.predictor().call(row, options);
    } catch (ModelUnavailableException e) {
      return serving.call(row, options); // it has just been withdrawn
    }
  }

  CompletableFuture<Prediction<O>> submit(I row, CallOptions options, Predictor<I, O> serving) {
    boolean seesCandidate = seesCandidate(options);
    Predictor<I, O> seen = seesCandidate ? candidate.predictor() : serving;
    CompletableFuture<Prediction<O>> future = seen.submit(row, options);
    long ticket = sample();
    if (ticket != Epochs.REFUSED) {
      var unused =
          future.whenComplete(
              (answer, failure) -> {
                if (answer != null) {
                  answered(ticket, row, answer);
                } else if (failure instanceof InferenceException e) {
                  failed(ticket, row, e, seesCandidate);
                } else {
                  drop(ticket);
                }
              });
    }
    return future;
  }

  /** The same key sees the same version while the ramp stands, across restarts too. */
  private boolean seesCandidate(CallOptions options) {
    double share = probation ? 0 : rollout.share(elapsed());
    if (share == 0) {
      return false;
    }
    double place =
        options
            .key()
            .map(key -> place(key, candidate.info().digest()))
            .orElseGet(() -> ThreadLocalRandom.current().nextDouble());
    return place < share;
  }

  /** Where a key stands between 0 and 1; another candidate shuffles anew. FNV-1a, then a mixer. */
  static double place(String key, String salt) {
    long hash = 0xcbf29ce484222325L;
    String text = salt + '/' + key;
    for (int i = 0; i < text.length(); i++) {
      hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
    }
    hash = (hash ^ (hash >>> 33)) * 0xff51afd7ed558ccdL;
    hash ^= hash >>> 33;
    return (hash >>> 11) * 0x1.0p-53;
  }

  // --- pairs -----------------------------------------------------------------------------------

  private long sample() {
    double share = rollout.options().sampleShare();
    boolean sampled = share >= 1 || ThreadLocalRandom.current().nextDouble() < share;
    return sampled && twins.hasRoom() ? epochs.start() : Epochs.REFUSED;
  }

  private void answered(long ticket, I row, Prediction<O> answer) {
    if (ticket == Epochs.REFUSED) {
      return;
    }
    labels.start(answer.id());
    boolean fromCandidate = answer.model().version().equals(candidate.info().version());
    if (!twins.offer(new Twins.Seen<>(ticket, row, answer.value(), fromCandidate, answer.id()))) {
      drop(ticket);
    }
  }

  /** Only what the model did says something of it. */
  private void failed(long ticket, I row, InferenceException failure, boolean fromCandidate) {
    boolean counts = failure instanceof PredictionFailedException;
    if (ticket != Epochs.REFUSED
        && !(counts && twins.offer(new Twins.Seen<>(ticket, row, null, fromCandidate, 0)))) {
      drop(ticket);
    }
  }

  private void drop(long ticket) {
    if (ticket != Epochs.REFUSED) {
      epochs.finish(ticket, Epochs.Finding.DROPPED);
      collect();
    }
  }

  private void finish(Twins.Seen<I, O> seen, @Nullable Pair pair, @Nullable O other) {
    if (pair == null) {
      drop(seen.ticket());
      return;
    }
    Pair counted = seen.ticket() < Panel.WARMUP_PAIRS ? pair.untimed() : pair;
    epochs.finish(seen.ticket(), counters -> panel.count(counted, counters));
    O answer = seen.answer();
    if (answer != null && other != null) {
      labels.answered(
          seen.id(), seen.fromCandidate() ? other : answer, seen.fromCandidate() ? answer : other);
    }
    collect();
  }

  private void hang(DeadlineExceededException e) {
    hung = "a run of the candidate did not end within " + Twins.PATIENCE.toSeconds() + " s";
  }

  private void tick() {
    epochs.tick(ticket -> counters -> panel.count(Pair.failed(false, true), counters));
    trial.add(labels);
    collect();
    decided.run();
  }

  private void collect() {
    epochs.collect((epoch, row) -> trial.add(row));
  }

  /** The truth about a call that this process answered; false if it comes too late, or again. */
  boolean feedback(long id, Object truth) {
    return labels.label(id, truth);
  }

  // --- verdict ---------------------------------------------------------------------------------

  /** Pending until evidence is enough and, for a promotion, the ramp over. */
  Verdict verdict() {
    if (hung != null) {
      return Verdict.ROLL_BACK;
    }
    Verdict verdict = trial.verdict();
    return verdict == Verdict.PROMOTE && !probation && !rollout.isRampOver(elapsed())
        ? Verdict.PENDING
        : verdict;
  }

  boolean isProbationOver() {
    return probation && elapsed().compareTo(rollout.options().probation()) >= 0;
  }

  private Duration elapsed() {
    return Duration.ofNanos(nanos.getAsLong() - begin);
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
            Verdict.ROLL_BACK,
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
  }

  @Override
  public String toString() {
    return name + ": " + candidate + " beside " + live;
  }
}
