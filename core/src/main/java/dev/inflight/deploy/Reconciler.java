package dev.inflight.deploy;

import dev.inflight.ModelInfo;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelLoadException.Stage;
import dev.inflight.Resident;
import dev.inflight.deploy.DeploymentStatus.State;
import dev.inflight.repository.Versions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Moves one deployment from what is to what is wanted.
 *
 * <p>Invariant: all state, that of its parts too, belongs to {@code lock}, under which nothing
 * blocks: no repository, no load, no gate, no listener.
 */
final class Reconciler<I, O> implements AutoCloseable {
  /** How often a repository is asked while nothing serves and something is being written. */
  private static final Duration IMPATIENT = Duration.ofMillis(50);

  private final Settings<I, O> settings;
  private final Events events;
  private final Journal journal;
  private final Fallback fallback;
  private final Fleet<I, O> fleet;
  private final Serving<I, O> serving;
  private final Ascent<I, O> ascent;
  private final ReentrantLock lock = new ReentrantLock();
  private @Nullable String problem;
  private @Nullable Instant lastHeard;
  private @Nullable Future<?> poll;
  private boolean polling;
  private boolean asked; // for a poll that begins after this was said
  private boolean served;
  private boolean closed;

  /**
   * @throws java.io.UncheckedIOException if the home cannot be read and written
   */
  Reconciler(Settings<I, O> settings) {
    this.settings = settings;
    events = new Events(settings.name(), settings.listeners());
    journal = Journal.open(settings.home(), settings.name());
    fallback = new Fallback(journal);
    fleet = new Fleet<>(events);
    journal.rejected().forEach((identity, why) -> fleet.barBefore(identity, why.reason()));
    serving =
        new Serving<>(settings, fleet, events, journal, this::wanted, this::judge, this::called);
    ascent =
        new Ascent<>(
            settings,
            fleet,
            serving,
            events,
            journal,
            lock,
            this::wanted,
            () -> schedule(Duration.ZERO));
  }

  Serving<I, O> serving() {
    return serving;
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

  private <T> T locked(Supplier<T> change) {
    lock.lock();
    try {
      return change.get();
    } finally {
      lock.unlock();
    }
  }

  private void judge() {
    locked(
        () -> {
          if (!closed) {
            serving.judge();
          }
        });
  }

  private void called() {
    locked(
        () -> {
          if (!closed) {
            ascent.wake();
          }
        });
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

  /**
   * One more soon, however often it is said; after the one under way, which may have read before.
   */
  void poll() {
    locked(
        () -> {
          if (!asked && !polling) {
            schedule(Duration.ZERO);
          }
          asked = true;
        });
  }

  private void pollOnce() {
    if (!locked(this::beginPoll)) {
      return;
    }
    Versions found = null;
    String failure = null;
    try {
      found = settings.repository().versions(settings.name());
    } catch (Throwable e) { // whatever it is, the next poll may find the repository again
      failure = e.toString();
    }
    Optional<Instant> heard =
        Optional.ofNullable(found).map(said -> said.asOf().orElseGet(Instant::now));
    boolean first = !served && comparesAtOnce();
    Versions now =
        locked(() -> serving.incumbent() == null) ? fallback.beside(found, served, first) : found;
    String why = failure;
    locked(() -> polled(now, why, heard));
  }

  /** One at a time: while the repository is slow, what it said last decides. */
  private boolean beginPoll() {
    if (polling && !closed) {
      decide();
      scheduleNext();
    }
    boolean begins = !polling && !closed;
    polling |= begins;
    asked &= !begins;
    return begins;
  }

  private void polled(@Nullable Versions found, @Nullable String failure, Optional<Instant> heard) {
    polling = false;
    served |= serving.live() != null;
    if (closed) {
      return;
    }
    try {
      problem = failure;
      heard.ifPresent(moment -> lastHeard = moment);
      if (found != null) {
        fleet.update(found, Instant.now());
      }
      decide();
    } finally {
      if (asked) {
        schedule(Duration.ZERO);
      } else {
        scheduleNext();
      }
    }
  }

  private void scheduleNext() {
    boolean impatient = serving.incumbent() == null && (fleet.isPending() || !ascent.isIdle());
    Duration next =
        impatient && IMPATIENT.compareTo(settings.interval()) < 0 ? IMPATIENT : settings.interval();
    Instant now = Instant.now();
    Duration attempt = fleet.nextAttempt(now).map(at -> Duration.between(now, at)).orElse(next);
    schedule(attempt.compareTo(next) < 0 ? attempt : next);
  }

  // --- decisions -------------------------------------------------------------------------------

  /** One step towards what the policy wants of what there is. */
  private void decide() {
    if (serving.absence() != null) {
      ascent.wake(); // what served first: then there is something to compare with and to go back to
      return;
    }
    List<Versions.Entry> wanted = wanted();
    if (!wanted.isEmpty()) {
      approach(first(wanted), wanted);
    }
    serving.trim();
    boolean hopeless =
        serving.live() == null
            && ascent.isIdle()
            && problem == null
            && !fleet.isPending()
            && !fleet.isAnyWaiting();
    if (hopeless) {
      serving.neverReady(noneCanServe());
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

  /** What is wanted most; before it, if nothing serves, what it shall be compared with. */
  private Versions.Entry first(List<Versions.Entry> wanted) {
    Optional<String> before =
        serving.live() == null && comparesAtOnce() ? journal.lastGood() : Optional.empty();
    return before
        .flatMap(
            identity ->
                fleet.eligible(Instant.now()).entries().stream()
                    .filter(entry -> entry.identity().equals(identity))
                    .findFirst())
        .orElse(wanted.get(0));
  }

  /** The first version of all serves unseen; after a restart it is not the first. */
  private boolean comparesAtOnce() {
    return settings.rollout() instanceof Rollout.Canary && journal.lastGood().isPresent();
  }

  private void approach(Versions.Entry target, List<Versions.Entry> wanted) {
    Track<I, O> live = serving.live();
    if (live != null && live.identity().equals(target.identity())) {
      supersede(target, wanted);
      wanted.stream().skip(1).filter(this::isMissing).findFirst().ifPresent(ascent::begin);
      return;
    }
    Track<I, O> canary = serving.canary();
    boolean onItsWay =
        ascent.isOf(target.identity())
            || (canary != null && canary.identity().equals(target.identity()));
    if (onItsWay) {
      return;
    }
    supersede(target, List.of());
    fleet.sameContent(target.identity()).stream()
        .filter(track -> track.state() == State.RETAINED)
        .findFirst()
        .ifPresentOrElse(
            track -> serving.serve(track, "wanted by the policy"), () -> ascent.begin(target));
  }

  private boolean isMissing(Versions.Entry entry) {
    return ascent.isIdle()
        && fleet.sameContent(entry.identity()).stream().noneMatch(Track::isResident);
  }

  /** What is on its way and not among {@code wanted} is given up for {@code target}. */
  private void supersede(Versions.Entry target, List<Versions.Entry> wanted) {
    String why = "superseded by v" + target.version();
    if (!ascent.isIdle() && wanted.stream().noneMatch(e -> ascent.isOf(e.identity()))) {
      fleet.move(ascent.giveUp(), State.AVAILABLE, why);
    }
    Track<I, O> canary = serving.canary();
    if (canary != null) {
      serving.drop(canary, State.AVAILABLE, why);
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

  // --- operators ---------------------------------------------------------------------------------

  private void requireOpen() {
    if (closed) {
      throw new IllegalStateException(settings.name() + ": expected an open deployment");
    }
  }

  ModelInfo rollback(String reason) {
    return locked(
        () -> {
          requireOpen();
          return back(reason);
        });
  }

  /** What is on its way with the bytes of what is withdrawn goes too. */
  private ModelInfo back(String reason) {
    Track<I, O> bad = serving.incumbent();
    if (serving.behind() != null) {
      ascent.makeWay();
    }
    ModelInfo good = serving.back(reason);
    if (bad != null) {
      fleet.sameContent(bad.identity()).stream()
          .filter(same -> same != bad) // that one is out already
          .forEach(same -> takeOut(same, reason));
    }
    return good;
  }

  void reject(String version, String reason) {
    locked(
        () -> {
          requireOpen();
          Track<I, O> track = fleet.get(version);
          Track<I, O> live = serving.live();
          if (track.identity().isEmpty()) {
            throw new IllegalStateException(
                settings.name() + ": expected a version that is whole, got " + track);
          }
          if (live != null && live.identity().equals(track.identity())) {
            back(reason);
          } else {
            fleet.sameContent(track.identity()).forEach(same -> takeOut(same, reason));
          }
          schedule(Duration.ZERO); // the next best, if nothing serves
        });
  }

  /** Anything but what serves. */
  private void takeOut(Track<I, O> track, String reason) {
    if (ascent.isOf(track.identity())) {
      ascent.giveUp();
    }
    serving.takeOut(track, reason);
  }

  void clear(String version) {
    locked(
        () -> {
          requireOpen();
          Track<I, O> cleared = fleet.get(version);
          fleet.unbar(cleared);
          journal.clear(cleared.identity());
          for (Track<I, O> track : fleet.sameContent(cleared.identity())) {
            boolean tried = track.state() == State.FAILED && track.failure() != null;
            track.clear();
            if (tried || track.state() == State.REJECTED) {
              fleet.move(track, State.AVAILABLE, "cleared");
            }
          }
          schedule(Duration.ZERO);
        });
  }

  ModelInfo promote() {
    return locked(
        () -> {
          requireOpen();
          Track<I, O> canary = serving.canary();
          if (canary == null) {
            throw new IllegalStateException(settings.name() + ": expected a canary, there is none");
          }
          serving.serve(canary, "promoted by an operator");
          return canary.resident().info();
        });
  }

  void selfCheck(Rollout.Canary canary) {
    locked(
        () -> {
          requireOpen();
          serving.selfCheck(canary);
        });
  }

  boolean feedback(long id, Object truth) {
    SideBySide<I, O> running = serving.comparison();
    return running != null && running.feedback(id, truth);
  }

  DeploymentStatus status() {
    return locked(
        () ->
            new DeploymentStatus(
                settings.name(),
                serving.resident().map(Resident::info),
                fleet.sorted().stream().map(Track::status).toList(),
                serving.report(),
                Optional.ofNullable(problem),
                Optional.ofNullable(lastHeard)));
  }

  @Override
  public void close() {
    locked(
        () -> {
          closed = true;
          serving.neverReady(
              new CancellationException(settings.name() + ": closed before a version served"));
          Future<?> task = poll;
          if (task != null) {
            task.cancel(false);
          }
          if (!ascent.isIdle()) {
            fleet.move(ascent.giveUp(), State.AVAILABLE, "closed");
          }
          serving.interrupt();
        });
    journal.close(); // what is being copied lives in a version's directory
    serving.close();
    locked(serving::retire);
  }
}
