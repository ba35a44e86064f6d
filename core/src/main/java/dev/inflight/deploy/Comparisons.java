package dev.inflight.deploy;

import dev.inflight.deploy.SideBySide.Mode;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The one comparison that runs, if one does, how far it had got before a restart, and what the last
 * one said.
 *
 * <p>Invariant: at most one runs, and the calls of the deployment see it exactly as long as it
 * does. The evidence of a canary is kept from its beginning to its end, but for the last seconds
 * before a crash: it goes on from there, and no pair is counted twice. Belongs to the deployment's
 * lock, but for {@link #running}.
 */
final class Comparisons<I, O> {
  /** How often the evidence is written. */
  private static final long KEEP_NANOS = Duration.ofSeconds(2).toNanos();

  private static final String LIVE = "live";
  private static final String TERMS = "terms";

  private final String name;
  private final Journal journal;
  private final Router<I, O> router;
  private final Runnable judge;
  private final LongSupplier nanos = System::nanoTime;
  private volatile @Nullable SideBySide<I, O> running; // written under the lock
  private @Nullable Kept<I, O> kept;
  private @Nullable CanaryReport lastReport;
  private String loss;

  /** A canary whose evidence is kept: who it is, against whom, on what terms. */
  private record Kept<I, O>(
      Track<I, O> candidate, Track<I, O> live, String terms, Trial trial, long sinceNanos) {
    Map<String, String> state() {
      Map<String, String> state = new TreeMap<>(trial.state());
      state.put(LIVE, live.identity());
      state.put(TERMS, terms);
      return state;
    }
  }

  /** A trial, and what there is to say of its beginning. */
  private record Begun(Trial trial, String how) {}

  /**
   * @param judge called off callers' threads when there may be a verdict
   */
  Comparisons(String name, Journal journal, Router<I, O> router, Runnable judge) {
    this.name = name;
    this.journal = journal;
    this.router = router;
    this.judge = judge;
    loss = journal.loss();
  }

  /** Any thread. */
  @Nullable SideBySide<I, O> running() {
    return running;
  }

  Optional<CanaryReport> report() {
    SideBySide<I, O> now = running;
    return now == null ? Optional.ofNullable(lastReport) : Optional.of(now.report());
  }

  boolean uses(Track<I, O> track) {
    SideBySide<I, O> now = running;
    return now != null && now.uses(track.resident());
  }

  /** What is compared and does not serve yet; null if nothing is. */
  @Nullable Track<I, O> candidate() {
    Kept<I, O> now = kept;
    return now == null ? null : now.candidate();
  }

  /** {@return how it begins, for the candidate's reason} */
  String canary(Track<I, O> live, Track<I, O> candidate, Rollout.Canary canary) {
    String terms = terms(canary);
    Begun begun = begun(live, candidate, canary, terms);
    Trial trial = begun.trial();
    begin(
        live,
        candidate,
        canary,
        trial,
        Mode.CANARY); // ends the one before, and what was kept of it
    kept = new Kept<>(candidate, live, terms, trial, nanos.getAsLong());
    journal.begin(candidate.identity(), trial.attempt(), kept.state());
    return begun.how();
  }

  /** Goes on where an earlier life of the deployment ended, if that was about the same. */
  private Begun begun(
      Track<I, O> live, Track<I, O> candidate, Rollout.Canary canary, String terms) {
    Panel panel = Panel.of(canary.options());
    String misfit = loss;
    loss = "";
    Map<String, Map<String, String>> all = journal.trials();
    Map<String, String> state = all.get(candidate.identity());
    if (state == null) {
      misfit = all.isEmpty() ? misfit : "the evidence kept is of another candidate";
    } else if (!live.identity().equals(state.get(LIVE))) {
      misfit = "the evidence kept is against other content than that of v" + live.version();
    } else if (!terms.equals(state.get(TERMS))) {
      misfit = "the evidence kept is on other terms: " + state.get(TERMS);
    } else {
      try {
        Trial trial = Trial.resume(panel, canary.options(), state, nanos, canary::isRampOver);
        return new Begun(trial, ", goes on after " + trial.pairs() + " pairs");
      } catch (IllegalArgumentException e) {
        misfit = "the evidence kept cannot be read: " + e.getMessage();
      }
    }
    int attempt = journal.attempts(candidate.identity()) + 1;
    return new Begun(
        new Trial(panel, canary.options(), attempt, nanos, canary::isRampOver),
        misfit.isEmpty() ? "" : ", anew: " + misfit);
  }

  /**
   * What makes evidence mean something else. How much is looked at, until when, and who sees the
   * candidate meanwhile does not.
   */
  private static String terms(Rollout.Canary canary) {
    CanaryOptions options = canary.options();
    return new TreeMap<>(options.signals())
        + ", promotion at "
        + options.alphaPromote()
        + ", rollback at "
        + options.alphaRollback()
        + ", labels after "
        + options.maturity()
        + ", answers "
        + canary.tolerance()
        + (canary.decides() ? "" : ", only shown");
  }

  /** After its promotion a version is still compared with the one before. */
  void watch(Track<I, O> before, Track<I, O> next, Rollout.Canary canary) {
    Panel panel = Panel.of(canary.options());
    Trial trial = new Trial(panel, canary.options(), 1, nanos, elapsed -> false);
    begin(before, next, canary, trial, Mode.PROBATION);
  }

  /** Nothing may be proven: both are the same. */
  void selfCheck(Track<I, O> live, Rollout.Canary canary) {
    begin(live, live, canary, new SelfCheck(canary.options(), nanos), Mode.SELF_CHECK);
  }

  private void begin(
      Track<I, O> old, Track<I, O> young, Rollout.Canary canary, Assessment trial, Mode mode) {
    end(); // a probation: somebody newer has come; or a self-check
    SideBySide<I, O> next =
        new SideBySide<>(name, old.resident(), young.resident(), canary, trial, mode, judge);
    running = next;
    router.compare(next);
    next.start();
  }

  /** Every now and then; does not wait for the disk. */
  void keep() {
    Kept<I, O> now = kept;
    if (now != null && journal.isKept() && nanos.getAsLong() - now.sinceNanos() >= KEEP_NANOS) {
      kept = new Kept<>(now.candidate(), now.live(), now.terms(), now.trial(), nanos.getAsLong());
      journal.progress(now.candidate().identity(), now.state());
    }
  }

  /** Its evidence is not needed again. */
  void end() {
    stop();
    if (kept != null) {
      kept = null;
      journal.end();
    }
  }

  /** The deployment ends: the next one goes on from there. */
  void interrupt() {
    stop();
    Kept<I, O> now = kept;
    if (now != null) {
      kept = null;
      journal.interrupt(now.candidate().identity(), now.state());
    }
  }

  private void stop() {
    SideBySide<I, O> now = running;
    if (now != null) {
      router.compare(null);
      now.close();
      lastReport = now.report();
      running = null;
    }
  }
}
