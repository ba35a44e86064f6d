package dev.inflight.deploy;

import dev.inflight.ModelInfo;
import dev.inflight.ModelSlot;
import dev.inflight.ModelUnavailableException.Reason;
import dev.inflight.Predictor;
import dev.inflight.Resident;
import dev.inflight.deploy.CanaryReport.Verdict;
import dev.inflight.deploy.DeploymentStatus.State;
import dev.inflight.repository.Versions;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
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
  private final Runnable judge;
  private final Runnable called;
  private final ModelSlot<I, O> slot;
  private final Router<I, O> router;
  private final @Nullable LastUse use;
  private final CompletableFuture<ModelInfo> ready = new CompletableFuture<>();
  private final Deque<Track<I, O>> retained = new ArrayDeque<>(); // the last one to serve first
  private @Nullable Track<I, O> live;
  private boolean ended;
  private volatile @Nullable SideBySide<I, O> comparison; // written under the lock
  private @Nullable CanaryReport lastReport;

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
    this.judge = judge;
    this.called = called;
    slot = ModelSlot.empty(settings.name(), settings.lanes(), settings.batching());
    settings.inferenceListeners().forEach(slot::listen);
    use = settings.unloadWhenIdle().isPresent() ? settings.memory().lastUse() : null;
    if (use != null) {
      CoarseClock.SHARED.start();
    }
    router = new Router<>(slot.predictor(), use);
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
    return comparison;
  }

  Optional<CanaryReport> report() {
    SideBySide<I, O> running = comparison;
    return running == null ? Optional.ofNullable(lastReport) : Optional.of(running.report());
  }

  /** A version that has passed its gates, or is kept. */
  void serve(Track<I, O> next, String why) {
    Track<I, O> before = live;
    boolean watched = canary() == next;
    switchTo(next, why);
    if (watched && before != null && settings.rollout() instanceof Rollout.Canary canary) {
      watch(before, next, canary);
    }
    trim();
  }

  private void switchTo(Track<I, O> next, String why) {
    Track<I, O> before = live;
    Track<I, O> canary = canary();
    slot.serve(next.resident());
    endAbsence(next);
    endComparison();
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
          isCompared(track) || all.stream().anyMatch(e -> e.identity().equals(track.identity()));
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
    fleet.move(track, State.CANARY, "beside v" + serving.version());
    track.loaded().memory().retained();
    track.loaded().memory().pin();
    int attempt = journal.attempts(track.identity()) + 1;
    journal.attempt(track.identity(), attempt);
    begin(serving, track, canary, false, attempt);
  }

  /** After its promotion a version is still compared with the one before. */
  private void watch(Track<I, O> before, Track<I, O> next, Rollout.Canary canary) {
    if (!canary.options().probation().isZero() && canary.decides()) {
      begin(before, next, canary, true, 1);
    }
  }

  private void begin(
      Track<I, O> old, Track<I, O> young, Rollout.Canary canary, boolean probation, int attempt) {
    endComparison(); // a probation: somebody newer has come
    SideBySide<I, O> next =
        new SideBySide<>(
            settings.name(), old.resident(), young.resident(), canary, probation, attempt, judge);
    comparison = next;
    router.compare(next);
    next.start();
  }

  void endComparison() {
    SideBySide<I, O> running = comparison;
    if (running != null) {
      lastReport = running.report();
      router.compare(null);
      running.close();
      comparison = null;
    }
  }

  /** The version that is compared and does not serve yet, or null. */
  @Nullable Track<I, O> canary() {
    SideBySide<I, O> running = comparison;
    return running == null || running.isProbation()
        ? null
        : fleet.get(running.candidate().info().version());
  }

  private boolean isCompared(Track<I, O> track) {
    SideBySide<I, O> running = comparison;
    return running != null && running.uses(track.resident());
  }

  /** Is there a verdict? */
  void judge() {
    SideBySide<I, O> running = comparison;
    if (running == null || !running.decides()) {
      return;
    }
    Verdict verdict = running.verdict();
    if (verdict == Verdict.PENDING || verdict == Verdict.HOLD) {
      if (running.isProbationOver()) {
        endComparison();
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
        endComparison();
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
    if (isCompared(track)) {
      endComparison();
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
    endComparison();
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
    router.absent(null);
    absence.over(null, why);
    absence.removeFiles(Clockwork.blocking());
  }

  /** From now on nothing is unloaded. */
  void end() {
    if (!ended && use != null) {
      CoarseClock.SHARED.stop();
    }
    ended = true;
    endComparison();
  }

  /** Not under the lock: it waits for calls inside. Nothing moves any more. */
  void close() {
    slot.close();
    Absence<I, O> absence = absence();
    if (absence != null) {
      router.absent(null); // calls find the slot closed
      absence.over(null, new CancellationException(settings.name() + ": closed"));
      absence.removeFiles(Runnable::run);
    }
    fleet.sorted().stream()
        .filter(Track::isResident)
        .forEach(track -> track.loaded().memory().close());
  }

  /** Another model needs its memory; what serves or is compared stays. */
  void unload(Track<I, O> track) {
    if (track.state() == State.RETAINED) {
      drop(track, State.RETIRED, "unloaded: another model needs the memory");
    }
  }
}
