package dev.inflight.deploy;

import dev.inflight.ModelInfo;
import dev.inflight.ModelSlot;
import dev.inflight.ModelUnavailableException.Reason;
import dev.inflight.Predictor;
import dev.inflight.Resident;
import dev.inflight.deploy.CanaryReport.Verdict;
import dev.inflight.deploy.DeploymentStatus.State;
import dev.inflight.deploy.SideBySide.Mode;
import dev.inflight.repository.Versions;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What serves, what is kept behind it, and what is compared with it.
 *
 * <p>Invariant: what serves changes in one write, {@link #switchTo}, which ends any comparison. The
 * live version and those kept behind it are resident; at most one comparison runs. While what
 * served is unloaded nothing is live. Belongs to the deployment's lock.
 */
final class Serving<I, O> {
  private static final Logger log = LoggerFactory.getLogger(Serving.class);

  private final Settings<I, O> settings;
  private final Fleet<I, O> fleet;
  private final Events events;
  private final Journal journal;
  private final Supplier<List<Versions.Entry>> wanted;
  private final Runnable called;
  private final ModelSlot<I, O> slot;
  private final Router<I, O> router;
  private final @Nullable LastUse use;
  private final Comparisons<I, O> comparisons;
  private final CompletableFuture<ModelInfo> ready = new CompletableFuture<>();
  private final Deque<Track<I, O>> retained = new ArrayDeque<>(); // the last one to serve first
  private @Nullable Track<I, O> live;
  private boolean ended;

  /**
   * @param wanted what the policy wants now
   * @param judge calls {@link #judge} under the lock
   * @param called looks, under the lock, whether what is unloaded is to be loaded; any thread
   */
  Serving(
      Settings<I, O> settings,
      Fleet<I, O> fleet,
      Events events,
      Journal journal,
      Supplier<List<Versions.Entry>> wanted,
      Runnable judge,
      Runnable called) {
    this.settings = settings;
    this.fleet = fleet;
    this.events = events;
    this.journal = journal;
    this.wanted = wanted;
    this.called = called;
    slot = ModelSlot.empty(settings.name(), settings.lanes(), settings.batching());
    settings.inferenceListeners().forEach(slot::listen);
    use = settings.unloadWhenIdle().isPresent() ? settings.memory().lastUse() : null;
    if (use != null) {
      CoarseClock.SHARED.start();
    }
    router = new Router<>(slot.predictor(), slot::ended, use);
    comparisons = new Comparisons<>(settings.name(), journal, router, judge);
  }

  ModelSlot<I, O> slot() {
    return slot;
  }

  Predictor<I, O> predictor() {
    return router;
  }

  /** Any thread. Of what is unloaded, its next attempt. */
  CompletableFuture<ModelInfo> ready() {
    Absence<I, O> absence = router.absence();
    return absence == null ? ready : absence.end();
  }

  /** Unless something serves or has served. */
  void neverReady(Throwable why) {
    if (!ready.isDone() && live == null) {
      Clockwork.blocking().execute(() -> ready.completeExceptionally(why));
    }
  }

  /** What serves, if anything does. */
  Optional<Resident<I, O>> resident() {
    return residentOf(live);
  }

  private static <I, O> Optional<Resident<I, O>> residentOf(@Nullable Track<I, O> track) {
    return track == null ? Optional.empty() : Optional.of(track.resident());
  }

  @Nullable Track<I, O> live() {
    return live;
  }

  /** What would serve, were it loaded: then nothing is live. */
  @Nullable Absence<I, O> absence() {
    return router.absence();
  }

  /** Any thread. */
  @Nullable SideBySide<I, O> comparison() {
    return comparisons.running();
  }

  Optional<CanaryReport> report() {
    return comparisons.report();
  }

  /** A version that has passed its gates, or is kept. */
  void serve(Track<I, O> next, String why) {
    Track<I, O> before = live;
    boolean watched = canary() == next;
    switchTo(next, why);
    if (watched
        && before != null
        && settings.rollout() instanceof Rollout.Canary canary
        && canary.decides()
        && !canary.options().probation().isZero()) {
      comparisons.watch(before, next, canary);
    }
    trim();
  }

  private void switchTo(Track<I, O> next, String why) {
    Track<I, O> before = live;
    Track<I, O> canary = canary();
    slot.serve(next.resident());
    endAbsence(next);
    comparisons.end();
    if (canary != null && canary != next) {
      drop(canary, State.AVAILABLE, "what it was compared with serves no more");
    }
    retained.remove(next);
    if (before != null) {
      fleet.move(before, State.RETAINED, "served before v" + next.version());
      before.loaded().memory().retained();
      retained.addFirst(before);
    }
    fleet.move(next, State.LIVE, why);
    next.loaded().memory().unpin();
    claimLive(next.loaded().memory());
    live = next;
    ModelInfo info = next.resident().info();
    log.info("{} is live{}", info.label(), why.isEmpty() ? "" : ": " + why);
    Optional<ModelInfo> old = residentOf(before).map(Resident::info);
    events.tell(listener -> listener.onLive(info, old));
    journal.served(next.loaded().artifact(), next.loaded().directory());
    if (!ready.isDone()) {
      Clockwork.blocking().execute(() -> ready.complete(info)); // who waits for it runs there
    }
  }

  /** The policy wants it beside what serves. */
  void keep(Track<I, O> track) {
    fleet.move(track, State.RETAINED, "wanted beside what serves");
    track.loaded().memory().retained();
    track.resident().offer();
    retained.addLast(track);
  }

  /** Of those that served, so many stay; of the others what the policy wants. */
  void trim() {
    List<Versions.Entry> all = wanted.get();
    Track<I, O> now = live;
    if (now != null && !all.isEmpty() && !all.get(0).identity().equals(now.identity())) {
      return; // what is wanted most is not proven yet: if it fails, what it pushed out is wanted
    }
    int kept = 0;
    for (Track<I, O> track : List.copyOf(retained)) {
      boolean isWanted =
          comparisons.uses(track)
              || all.stream().anyMatch(e -> e.identity().equals(track.identity()));
      if (!isWanted && ++kept > settings.keep()) {
        drop(track, State.RETIRED, "");
      }
    }
  }

  // --- comparisons -------------------------------------------------------------------------------

  void compare(Track<I, O> track, Rollout.Canary canary) {
    Track<I, O> serving = live;
    if (serving == null) {
      throw new IllegalStateException(settings.name() + ": nothing to compare with");
    }
    track.loaded().memory().retained();
    track.loaded().memory().pin();
    String how = comparisons.canary(serving, track, canary);
    fleet.move(track, State.CANARY, "beside v" + serving.version() + how);
  }

  /**
   * Compares what serves with itself.
   *
   * @throws IllegalStateException if nothing serves, or it is compared with another version
   */
  void selfCheck(Rollout.Canary canary) {
    Track<I, O> serving = live;
    SideBySide<I, O> running = comparisons.running();
    if (serving == null || (running != null && running.mode() != Mode.SELF_CHECK)) {
      throw new IllegalStateException(
          settings.name()
              + ": self-check: expected a version that serves and is not compared with another, got "
              + (serving == null ? "none" : running));
    }
    comparisons.selfCheck(serving, canary);
  }

  /** The version that is compared and does not serve yet, or null. */
  @Nullable Track<I, O> canary() {
    return comparisons.candidate();
  }

  /** Is there a verdict? */
  void judge() {
    comparisons.keep();
    SideBySide<I, O> running = comparisons.running();
    if (running != null && running.mode() == Mode.SELF_CHECK) {
      judge(running.verdict());
    } else if (running != null && running.decides()) {
      judge(running);
    }
  }

  /** Of a self-check, which changes nothing. */
  private void judge(Verdict verdict) {
    if (verdict != Verdict.PENDING) {
      comparisons.end();
      log.info("{}: {}", settings.name(), comparisons.report().map(Object::toString).orElse(""));
    }
  }

  private void judge(SideBySide<I, O> running) {
    Verdict verdict = running.verdict();
    if (verdict == Verdict.PENDING || verdict == Verdict.HOLD) {
      if (running.isProbationOver()) {
        comparisons.end();
      }
      return;
    }
    String why = verdict + ": " + running.reason();
    log.info("{}: {}\n{}", settings.name(), why, running.report());
    Track<I, O> canary = canary();
    if (canary == null) {
      if (verdict == Verdict.ROLL_BACK && behind() != null) {
        back(why);
      } else {
        comparisons.end();
      }
    } else if (verdict == Verdict.PROMOTE) {
      serve(canary, why);
    } else {
      withdraw(canary, why);
    }
  }

  // --- ways out ----------------------------------------------------------------------------------

  /** What can serve at once instead; not what gives its memory to another model. */
  @Nullable Track<I, O> behind() {
    Track<I, O> now = incumbent();
    return retained.stream()
        .filter(track -> now != null && !track.identity().equals(now.identity()))
        .filter(track -> claimLive(track.loaded().memory()))
        .findFirst()
        .orElse(null);
  }

  /**
   * The live version is rejected and the one before serves.
   *
   * @throws IllegalStateException if there is none
   */
  ModelInfo back(String reason) {
    Track<I, O> bad = incumbent();
    Track<I, O> good = behind();
    if (bad == null || good == null) {
      throw new IllegalStateException(
          settings.name()
              + ": expected a resident version to go back to, there is none behind "
              + (bad == null ? "nothing" : bad));
    }
    switchTo(good, "rolled back from v" + bad.version() + ": " + reason);
    takeOut(bad, reason);
    trim();
    return good.resident().info();
  }

  /** Anything but what serves, and what is on its way up. */
  void takeOut(Track<I, O> track, String reason) {
    if (track.isResident() && track.state() != State.GATING) {
      withdraw(track, reason);
      return;
    }
    bar(track, reason);
    Absence<I, O> absence = absence();
    if (absence != null && absence.track() == track) {
      forget(absence, new CancellationException("rejected: " + reason));
    }
    if (Track.isLegal(track.state(), State.REJECTED)) {
      fleet.move(track, State.REJECTED, reason);
      events.tell(listener -> listener.onFailed(track.version(), reason));
    }
  }

  /** Its content is not wanted again. */
  private void withdraw(Track<I, O> track, String reason) {
    bar(track, reason);
    drop(track, State.REJECTED, reason);
    events.tell(listener -> listener.onFailed(track.version(), reason));
  }

  private void bar(Track<I, O> track, String reason) {
    fleet.bar(track);
    journal.reject(track.identity(), track.version(), reason);
  }

  /** It is resident no more, and compared no more. */
  void drop(Track<I, O> track, State state, String why) {
    if (comparisons.uses(track)) {
      comparisons.end();
    }
    retained.remove(track);
    Loaded<I, O> loaded = track.loaded();
    fleet.move(track, state, why);
    loaded.memory().retiring();
    var unused =
        loaded
            .resident()
            .release()
            .whenComplete(
                (info, failure) -> {
                  loaded.memory().close();
                  if (failure != null) {
                    log.warn("{} did not close cleanly", loaded.resident(), failure);
                  } else {
                    log.info("{} is retired", info.label());
                    events.tell(listener -> listener.onRetired(info));
                  }
                });
  }

  // --- absences ----------------------------------------------------------------------------------

  /** What serves, or would if it was loaded. */
  @Nullable Track<I, O> incumbent() {
    Absence<I, O> absence = absence();
    return absence == null ? live : absence.track();
  }

  /** False if it must go. */
  private boolean claimLive(MemoryReservation memory) {
    LastUse its = use;
    return its == null ? memory.live() : memory.live(settings.unloadWhenIdle().orElseThrow(), its);
  }

  /** What serves is unloaded, and loaded again when it is wanted. */
  void rest(Track<I, O> track, Reason reason, String why) {
    if (ended || live != track) {
      return;
    }
    Track<I, O> canary = canary();
    comparisons.end();
    if (canary != null) {
      drop(canary, State.AVAILABLE, "what it was compared with is unloaded");
    }
    Loaded<I, O> loaded = track.loaded();
    Absence<I, O> absence =
        new Absence<>(track, loaded, reason, why, settings.batching().queueRows(), called);
    router.absent(absence);
    var taken = slot.take();
    live = null;
    fleet.move(track, State.UNLOADED, why);
    log.info("{} is unloaded: {}", loaded.resident(), why);
    loaded.memory().retiring();
    var unused = taken.whenComplete((model, failure) -> absence.unload(failure));
    var unusedToo = loaded.resident().release();
  }

  private void endAbsence(Track<I, O> next) {
    Absence<I, O> absence = absence();
    if (absence == null) {
      return;
    }
    router.absent(null);
    absence.over(next.resident().info(), null);
    if (absence.track() != next) {
      ModelInfo info = absence.info();
      fleet.move(absence.track(), State.RETIRED, "v" + next.version() + " serves instead");
      events.tell(listener -> listener.onRetired(info));
    }
    if (!absence.giveFilesTo(next.loaded())) {
      absence.removeFiles(Clockwork.blocking());
    }
  }

  /** It will not be loaded again. */
  void forget(Absence<I, O> absence, Throwable why) {
    forget(absence, why, Clockwork.blocking());
  }

  private void forget(Absence<I, O> absence, Throwable why, Executor remover) {
    router.absent(null);
    absence.over(null, why);
    absence.removeFiles(remover);
  }

  /** Not under the lock: it waits for calls inside. */
  void close() {
    slot.close();
    Absence<I, O> absence = absence();
    if (absence != null) {
      forget(absence, new CancellationException(settings.name() + ": closed"), Runnable::run);
    }
  }

  /** From now on nothing is decided, and nothing unloaded. */
  void interrupt() {
    if (!ended && use != null) {
      CoarseClock.SHARED.stop();
    }
    ended = true;
    comparisons.interrupt();
  }

  /** After {@link #close}: nothing serves, and nothing moves any more. */
  void retire() {
    live = null;
    fleet.sorted().stream()
        .filter(track -> track.state() == State.UNLOADED)
        .forEach(track -> fleet.move(track, State.RETIRED, "closed"));
    fleet.sorted().stream()
        .filter(Track::isResident)
        .forEach(track -> drop(track, State.RETIRED, "closed"));
  }

  /** Another model needs its memory; what serves or is compared stays. */
  void unload(Track<I, O> track) {
    if (track.state() == State.RETAINED) {
      drop(track, State.RETIRED, "unloaded: another model needs the memory");
    }
  }
}
