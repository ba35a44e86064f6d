package dev.inflight.deploy;

import dev.inflight.ModelInfo;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelLoadException.Stage;
import dev.inflight.ModelSlot;
import dev.inflight.Predictor;
import dev.inflight.Resident;
import dev.inflight.deploy.CanaryReport.Verdict;
import dev.inflight.deploy.DeploymentStatus.GateReport;
import dev.inflight.deploy.DeploymentStatus.State;
import dev.inflight.repository.Versions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves one deployment from what is to what is wanted.
 *
 * <p>Invariant: what serves changes last and in one write, {@link #serve}; everything before it is
 * undone if it fails. At most one version is on its way up and at most one comparison runs. All
 * state belongs to {@code lock}, under which nothing blocks: no repository, no load, no gate, no
 * listener.
 */
final class Reconciler<I, O> implements BringUp.Progress<I, O>, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Reconciler.class);

  /** How often a repository is asked while nothing serves and something is being written. */
  private static final Duration IMPATIENT = Duration.ofMillis(50);

  private final Settings<I, O> settings;
  private final ModelSlot<I, O> slot;
  private final Router<I, O> router;
  private final Events events;
  private final CompletableFuture<ModelInfo> ready = new CompletableFuture<>();
  private final ReentrantLock lock = new ReentrantLock();
  private final Fleet<I, O> fleet = new Fleet<>();
  private final Deque<Track<I, O>> retained = new ArrayDeque<>(); // the last one to serve first
  private final Map<String, Integer> canaries = new HashMap<>(); // attempts, by identity
  private final Random random = new Random();
  private @Nullable Track<I, O> live;
  private @Nullable BringUp<I, O> bringUp;
  private Loading.@Nullable Ticket ticket;
  private volatile @Nullable SideBySide<I, O> comparison; // written under the lock
  private @Nullable CanaryReport lastReport;
  private @Nullable String problem;
  private @Nullable Future<?> poll;
  private boolean polling;
  private boolean closed;

  Reconciler(Settings<I, O> settings) {
    this.settings = settings;
    slot = ModelSlot.empty(settings.name(), settings.lanes(), settings.batching());
    settings.inferenceListeners().forEach(slot::listen);
    router = new Router<>(slot.predictor());
    events = new Events(settings.listeners());
  }

  ModelSlot<I, O> slot() {
    return slot;
  }

  Predictor<I, O> predictor() {
    return router;
  }

  CompletableFuture<ModelInfo> ready() {
    return ready;
  }

  void start() {
    locked(() -> schedule(Duration.ZERO));
  }

  private void locked(Runnable change) {
    lock.lock();
    try {
      change.run();
    } finally {
      lock.unlock();
    }
  }

  // --- polls -----------------------------------------------------------------------------------

  private void schedule(Duration delay) {
    Future<?> before = poll;
    if (before != null) {
      before.cancel(false);
    }
    if (!closed) {
      poll =
          Clockwork.timer()
              .schedule(
                  () -> Clockwork.blocking().execute(this::pollOnce),
                  TimeUnit.NANOSECONDS.convert(delay),
                  TimeUnit.NANOSECONDS);
    }
  }

  private void pollOnce() {
    if (!beginPoll()) {
      return;
    }
    Versions found = null;
    String failure = null;
    try {
      found = settings.repository().versions(settings.name());
    } catch (Throwable e) { // whatever it is, the next poll may find the repository again
      failure = e.toString();
    }
    Versions now = found;
    String why = failure;
    locked(() -> polled(now, why));
  }

  /** One at a time: while the repository is slow, what it said last decides. */
  private boolean beginPoll() {
    lock.lock();
    try {
      if (polling && !closed) {
        decide();
        scheduleNext();
      }
      boolean begins = !polling && !closed;
      polling |= begins;
      return begins;
    } finally {
      lock.unlock();
    }
  }

  private void polled(@Nullable Versions found, @Nullable String failure) {
    polling = false;
    if (closed) {
      return;
    }
    try {
      problem = failure;
      if (found != null) {
        fleet.update(found, Instant.now(), this::appeared);
      }
      decide();
    } finally {
      scheduleNext();
    }
  }

  private void scheduleNext() {
    boolean impatient = live == null && (fleet.isPending() || bringUp != null);
    Duration next =
        impatient && IMPATIENT.compareTo(settings.interval()) < 0 ? IMPATIENT : settings.interval();
    Instant now = Instant.now();
    Duration attempt = fleet.nextAttempt(now).map(at -> Duration.between(now, at)).orElse(next);
    schedule(attempt.compareTo(next) < 0 ? attempt : next);
  }

  private void appeared(Track<I, O> track) {
    tell(track);
    if (track.state() == State.FAILED) {
      String why = track.status().reason();
      events.tell(listener -> listener.onFailed(track.version(), why));
    }
  }

  // --- decisions -------------------------------------------------------------------------------

  /** One step towards what the policy wants of what there is. */
  private void decide() {
    List<Versions.Entry> wanted = wanted();
    if (!wanted.isEmpty()) {
      approach(wanted.get(0), wanted);
    }
    trim(wanted);
    boolean hopeless =
        live == null
            && bringUp == null
            && problem == null
            && !fleet.isPending()
            && !fleet.isAnyWaiting();
    if (hopeless && !ready.isDone()) {
      ModelLoadException failure = noneCanServe();
      Clockwork.blocking().execute(() -> ready.completeExceptionally(failure));
    }
  }

  /** What the policy wants of what there is; nothing, which changes nothing, if it throws. */
  private List<Versions.Entry> wanted() {
    Versions eligible = fleet.eligible(Instant.now());
    try {
      List<Versions.Entry> wanted = settings.policy().wanted(eligible);
      return wanted.stream().filter(eligible.entries()::contains).distinct().toList();
    } catch (RuntimeException e) {
      problem = "version policy: " + e;
      return List.of();
    }
  }

  private void approach(Versions.Entry target, List<Versions.Entry> wanted) {
    Track<I, O> serving = live;
    if (serving != null && serving.identity().equals(target.identity())) {
      supersede(target, wanted);
      wanted.stream().skip(1).filter(this::isMissing).findFirst().ifPresent(this::bringUp);
      return;
    }
    SideBySide<I, O> running = comparison;
    boolean onItsWay =
        (bringUp != null && bringUp.entry().identity().equals(target.identity()))
            || (running != null
                && !running.isProbation()
                && running.candidate().info().version().equals(target.version()));
    if (onItsWay) {
      return;
    }
    supersede(target, List.of());
    fleet.sameContent(target.identity()).stream()
        .filter(track -> track.state() == State.RETAINED)
        .findFirst()
        .ifPresentOrElse(track -> serve(track, "wanted by the policy"), () -> bringUp(target));
  }

  private boolean isMissing(Versions.Entry entry) {
    return bringUp == null
        && fleet.sameContent(entry.identity()).stream().noneMatch(Track::isResident);
  }

  /** What is on its way and not among {@code wanted} is given up for {@code target}. */
  private void supersede(Versions.Entry target, List<Versions.Entry> wanted) {
    String why = "superseded by v" + target.version();
    BringUp<I, O> stale = bringUp;
    if (stale != null
        && wanted.stream().noneMatch(e -> e.identity().equals(stale.entry().identity()))) {
      forget(stale);
      move(fleet.get(stale.entry().version()), State.AVAILABLE, why);
    }
    SideBySide<I, O> running = comparison;
    if (running != null && !running.isProbation()) {
      Track<I, O> track = fleet.get(running.candidate().info().version());
      end(running);
      drop(track, State.AVAILABLE, why);
    }
  }

  /** Its steps do not count any more; it cleans up after itself. */
  private void forget(BringUp<I, O> stale) {
    stale.cancel();
    Loading.Ticket its = ticket;
    if (its != null) {
      its.cancel();
    }
    bringUp = null;
    ticket = null;
  }

  private void bringUp(Versions.Entry entry) {
    BringUp<I, O> next =
        new BringUp<>(settings, slot, entry, Optional.ofNullable(live).map(Track::resident), this);
    bringUp = next;
    move(fleet.get(entry.version()), State.FETCHING, "");
    ticket =
        Loading.SHARED.start(
            settings.name() + " v" + entry.version(),
            next,
            settings.loadPatience(),
            () -> stuck(next));
  }

  /** Of those that served, so many stay; of the others what the policy wants. */
  private void trim(List<Versions.Entry> wanted) {
    int kept = 0;
    for (Track<I, O> track : List.copyOf(retained)) {
      boolean isWanted = wanted.stream().anyMatch(e -> e.identity().equals(track.identity()));
      if (!isWanted && ++kept > settings.keep()) {
        retained.remove(track);
        drop(track, State.RETIRED, "");
      }
    }
  }

  private ModelLoadException noneCanServe() {
    ModelLoadException failure = fleet.newestFailure();
    if (failure != null) {
      return failure;
    }
    Versions found = fleet.found();
    return new ModelLoadException(
        found.entries().isEmpty() ? Stage.FETCH : Stage.VERIFY,
        settings.name()
            + ": expected a version that can serve in "
            + settings.repository()
            + ", got "
            + (found.entries().isEmpty() ? "none at all" : found.entries().toString()));
  }

  // --- the way up, on a loader thread ------------------------------------------------------------

  private boolean isCurrent(BringUp<I, O> other) {
    return bringUp == other && !closed;
  }

  @Override
  public void reached(BringUp<I, O> of, State state) {
    locked(
        () -> {
          Track<I, O> track = fleet.find(of.entry().version());
          if (isCurrent(of) && track != null && track.state() != state) {
            move(track, state, "");
          }
        });
  }

  @Override
  public void loaded(BringUp<I, O> of, Resident<I, O> resident) {
    locked(
        () -> {
          if (isCurrent(of)) {
            Track<I, O> track = fleet.get(of.entry().version());
            track.load(resident, Instant.now());
            tell(track);
          }
        });
  }

  @Override
  public void passed(BringUp<I, O> of, GateReport report) {
    locked(
        () -> {
          if (isCurrent(of)) {
            fleet.get(of.entry().version()).passed(report);
          }
        });
  }

  @Override
  public boolean ready(BringUp<I, O> of, Resident<I, O> resident) {
    lock.lock();
    try {
      if (!isCurrent(of)) {
        return false;
      }
      bringUp = null;
      ticket = null;
      Track<I, O> track = fleet.get(of.entry().version());
      schedule(Duration.ZERO); // what else is wanted, if anything
      List<Versions.Entry> wanted = wanted();
      if (live == null) {
        serve(track, "");
      } else if (wanted.stream().noneMatch(e -> e.identity().equals(track.identity()))) {
        move(track, State.AVAILABLE, "not wanted any more");
        return false;
      } else if (!wanted.get(0).identity().equals(track.identity())) {
        move(track, State.RETAINED, "wanted beside what serves");
        retained.addLast(track);
      } else if (settings.rollout() instanceof Rollout.Canary canary) {
        compare(track, canary);
      } else {
        serve(track, "");
      }
      return true;
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void failed(BringUp<I, O> of, ModelLoadException why) {
    locked(() -> fail(of, why, why.retryable()));
  }

  private void stuck(BringUp<I, O> of) {
    locked(
        () -> {
          of.cancel();
          ModelLoadException why =
              new ModelLoadException(
                  Stage.LOAD,
                  settings.name()
                      + " v"
                      + of.entry().version()
                      + ": expected it to load within "
                      + settings.loadPatience()
                      + "; its thread is left behind");
          fail(of, why, false);
        });
  }

  private void fail(BringUp<I, O> of, ModelLoadException why, boolean again) {
    if (!isCurrent(of)) {
      return;
    }
    bringUp = null;
    ticket = null;
    Track<I, O> track = fleet.get(of.entry().version());
    Instant now = Instant.now();
    int failures = track.failures() + 1;
    boolean tried = again && !Backoff.isOver(failures);
    track.fail(
        why,
        tried
            ? Optional.of(now.plus(Backoff.delay(failures, settings.interval(), random)))
            : Optional.empty(),
        now);
    if (!tried) {
      fleet.bar(track);
      fleet.sameContent(track.identity()).stream()
          .filter(same -> same.state() == State.AVAILABLE || same.state() == State.RETIRED)
          .forEach(
              same -> {
                same.end(track, now);
                tell(same);
              });
    }
    tell(track);
    events.tell(listener -> listener.onFailed(track.version(), String.valueOf(why.getMessage())));
    schedule(Duration.ZERO); // the next best, if nothing serves
  }

  @Override
  public void dropped(BringUp<I, O> of) {
    // Whoever gave it up has said so.
  }

  // --- what serves -------------------------------------------------------------------------------

  /** The one write that changes what serves. */
  private void serve(Track<I, O> next, String why) {
    change(next, why);
    trim(wanted());
  }

  private void change(Track<I, O> next, String why) {
    Track<I, O> before = live;
    SideBySide<I, O> running = comparison;
    boolean watched =
        running != null && !running.isProbation() && running.candidate() == next.resident();
    slot.serve(next.resident());
    if (running != null) {
      end(running);
      if (!running.isProbation() && !watched) {
        Track<I, O> compared = fleet.get(running.candidate().info().version());
        drop(compared, State.AVAILABLE, "what it was compared with serves no more");
      }
    }
    retained.remove(next);
    if (before != null) {
      move(before, State.RETAINED, "served before v" + next.version());
      retained.addFirst(before);
    }
    move(next, State.LIVE, why);
    live = next;
    ModelInfo info = next.resident().info();
    log.info("{} is live{}", info.label(), why.isEmpty() ? "" : ": " + why);
    Optional<ModelInfo> old = Optional.ofNullable(before).map(track -> track.resident().info());
    events.tell(listener -> listener.onLive(info, old));
    if (!ready.isDone()) {
      Clockwork.blocking().execute(() -> ready.complete(info)); // who waits for it runs there
    }
    if (watched && before != null && settings.rollout() instanceof Rollout.Canary canary) {
      watch(before, next, canary);
    }
  }

  private void compare(Track<I, O> track, Rollout.Canary canary) {
    Track<I, O> serving = live;
    if (serving == null) {
      throw new IllegalStateException(settings.name() + ": nothing to compare with");
    }
    move(track, State.CANARY, "beside v" + serving.version());
    int attempt = canaries.merge(track.identity(), 1, Integer::sum);
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
    SideBySide<I, O> next =
        new SideBySide<>(
            settings.name(),
            old.resident(),
            young.resident(),
            canary,
            probation,
            attempt,
            () -> locked(this::judge));
    comparison = next;
    router.compare(next);
    next.start();
  }

  private void end(SideBySide<I, O> running) {
    lastReport = running.report();
    router.compare(null);
    running.close();
    comparison = null;
  }

  /** On the timer: is there a verdict? */
  private void judge() {
    SideBySide<I, O> running = comparison;
    if (running == null || closed || !running.decides()) {
      return;
    }
    Verdict verdict = running.verdict();
    if (verdict == Verdict.PENDING || verdict == Verdict.HOLD) {
      if (running.isProbationOver()) {
        end(running);
      }
      return;
    }
    String why = verdict + ": " + running.reason();
    log.info("{}: {}\n{}", settings.name(), why, running.report());
    if (running.isProbation()) {
      if (verdict == Verdict.ROLL_BACK && !retained.isEmpty()) {
        back(why);
      } else {
        end(running);
      }
    } else if (verdict == Verdict.PROMOTE) {
      serve(fleet.get(running.candidate().info().version()), why);
    } else {
      Track<I, O> track = fleet.get(running.candidate().info().version());
      end(running);
      withdraw(track, why);
    }
  }

  /** The live version is rejected and the one before serves. */
  private ModelInfo back(String reason) {
    Track<I, O> bad = live;
    Track<I, O> good =
        retained.stream()
            .filter(track -> bad != null && !track.identity().equals(bad.identity()))
            .findFirst()
            .orElse(null);
    if (bad == null || good == null) {
      throw new IllegalStateException(
          settings.name()
              + ": expected a resident version to go back to, there is none behind "
              + bad);
    }
    change(good, "rolled back from v" + bad.version() + ": " + reason);
    fleet.sameContent(bad.identity()).forEach(track -> takeOut(track, reason));
    trim(wanted());
    return good.resident().info();
  }

  /** Anything but what serves. */
  private void takeOut(Track<I, O> track, String reason) {
    BringUp<I, O> onItsWay = bringUp;
    if (onItsWay != null && onItsWay.entry().version().equals(track.version())) {
      forget(onItsWay);
    }
    retained.remove(track);
    if (track.isResident() && track.state() != State.GATING) {
      withdraw(track, reason);
    } else {
      fleet.bar(track);
      if (Track.isLegal(track.state(), State.REJECTED)) {
        move(track, State.REJECTED, reason);
        events.tell(listener -> listener.onFailed(track.version(), reason));
      }
    }
  }

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException(settings.name() + ": expected an open deployment");
    }
  }

  private void withdraw(Track<I, O> track, String reason) {
    fleet.bar(track);
    drop(track, State.REJECTED, reason);
    events.tell(listener -> listener.onFailed(track.version(), reason));
  }

  /** It is resident no more. */
  private void drop(Track<I, O> track, State state, String why) {
    Resident<I, O> resident = track.resident();
    SideBySide<I, O> running = comparison;
    if (running != null && running.uses(resident)) {
      end(running);
    }
    move(track, state, why);
    var unused =
        resident
            .release()
            .whenComplete(
                (info, failure) -> {
                  if (failure != null) {
                    log.warn("{} did not close cleanly", resident, failure);
                  } else {
                    log.info("{} is retired", info.label());
                    events.tell(listener -> listener.onRetired(info));
                  }
                });
  }

  private void move(Track<I, O> track, State state, String why) {
    track.move(state, why, Instant.now());
    tell(track);
  }

  private void tell(Track<I, O> track) {
    DeploymentStatus.Version now = track.status();
    events.tell(listener -> listener.onState(now));
  }

  // --- operators ---------------------------------------------------------------------------------

  ModelInfo rollback(String reason) {
    lock.lock();
    try {
      requireOpen();
      return back(reason);
    } finally {
      lock.unlock();
    }
  }

  void reject(String version, String reason) {
    locked(
        () -> {
          requireOpen();
          Track<I, O> track = fleet.get(version);
          Track<I, O> serving = live;
          if (track.identity().isEmpty()) {
            throw new IllegalStateException(
                settings.name() + ": expected a version that is whole, got " + track);
          }
          if (serving != null && serving.identity().equals(track.identity())) {
            back(reason);
          } else {
            fleet.sameContent(track.identity()).forEach(same -> takeOut(same, reason));
          }
          schedule(Duration.ZERO); // the next best, if nothing serves
        });
  }

  void clear(String version) {
    locked(
        () -> {
          requireOpen();
          Track<I, O> cleared = fleet.get(version);
          fleet.unbar(cleared);
          canaries.remove(cleared.identity());
          for (Track<I, O> track : fleet.sameContent(cleared.identity())) {
            boolean tried = track.state() == State.FAILED && track.failure() != null;
            track.clear();
            if (tried || track.state() == State.REJECTED) {
              move(track, State.AVAILABLE, "cleared");
            }
          }
          schedule(Duration.ZERO);
        });
  }

  ModelInfo promote() {
    lock.lock();
    try {
      requireOpen();
      SideBySide<I, O> running = comparison;
      if (running == null || running.isProbation()) {
        throw new IllegalStateException(settings.name() + ": expected a canary, there is none");
      }
      Track<I, O> track = fleet.get(running.candidate().info().version());
      serve(track, "promoted by an operator");
      return track.resident().info();
    } finally {
      lock.unlock();
    }
  }

  boolean feedback(long id, Object truth) {
    SideBySide<I, O> running = comparison;
    return running != null && running.feedback(id, truth);
  }

  DeploymentStatus status() {
    lock.lock();
    try {
      Optional<CanaryReport> report =
          comparison == null ? Optional.ofNullable(lastReport) : Optional.of(comparison.report());
      return new DeploymentStatus(
          settings.name(),
          Optional.ofNullable(live).map(track -> track.resident().info()),
          fleet.sorted().stream().map(Track::status).toList(),
          report,
          Optional.ofNullable(problem));
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void close() {
    locked(
        () -> {
          closed = true;
          if (!ready.isDone()) {
            CancellationException why =
                new CancellationException(settings.name() + ": closed before a version served");
            Clockwork.blocking().execute(() -> ready.completeExceptionally(why));
          }
          Future<?> task = poll;
          if (task != null) {
            task.cancel(false);
          }
          BringUp<I, O> stale = bringUp;
          if (stale != null) {
            forget(stale);
          }
          SideBySide<I, O> running = comparison;
          if (running != null) {
            end(running);
          }
        });
    slot.close();
  }
}
