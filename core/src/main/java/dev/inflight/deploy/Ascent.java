package dev.inflight.deploy;

import dev.inflight.ModelInfo;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelLoadException.Stage;
import dev.inflight.ModelUnavailableException.Reason;
import dev.inflight.Resident;
import dev.inflight.deploy.DeploymentStatus.GateReport;
import dev.inflight.deploy.DeploymentStatus.State;
import dev.inflight.repository.Versions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The version that is on its way up, from the decision to bring it up until it serves, is kept, is
 * compared, or has failed.
 *
 * <p>Invariant: at most one, and only its steps count: who was given up cleans up after itself and
 * changes nothing. Belongs to the deployment's lock, which the steps take on their loader thread.
 */
final class Ascent<I, O> implements BringUp.Progress<I, O> {
  /** What served and cannot be loaded again is tried at least every so many intervals, doubled. */
  private static final int LONGEST_WAIT = 4;

  private final Settings<I, O> settings;
  private final Fleet<I, O> fleet;
  private final Serving<I, O> serving;
  private final Events events;
  private final Journal journal;
  private final MemoryShare share;
  private final ReentrantLock lock;
  private final Supplier<List<Versions.Entry>> wish;
  private final Runnable again;
  private final Random random = new Random();
  private @Nullable BringUp<I, O> bringUp;
  private Loading.@Nullable Ticket ticket;
  private @Nullable String dropsFor; // the version for which what serves is about to be unloaded

  /**
   * @param wish what the policy wants now
   * @param again looks soon what is to be done next
   */
  Ascent(
      Settings<I, O> settings,
      Fleet<I, O> fleet,
      Serving<I, O> serving,
      Events events,
      Journal journal,
      ReentrantLock lock,
      Supplier<List<Versions.Entry>> wish,
      Runnable again) {
    this.settings = settings;
    this.fleet = fleet;
    this.serving = serving;
    this.events = events;
    this.journal = journal;
    this.lock = lock;
    this.wish = wish;
    this.again = again;
    share = new MemoryShare(settings.memory(), settings.name(), settings.dropOldFirst());
  }

  boolean isIdle() {
    return bringUp == null;
  }

  boolean isOf(String identity) {
    BringUp<I, O> now = bringUp;
    return now != null && now.entry().identity().equals(identity);
  }

  void begin(Versions.Entry entry) {
    begin(entry, Optional.empty(), State.FETCHING, "");
  }

  /** Loads again what was unloaded, if somebody wants it and it is time. */
  void wake() {
    Absence<I, O> absence = serving.absence();
    if (absence != null && isIdle() && absence.isWanted() && absence.track().isDue(Instant.now())) {
      begin(absence.entry(), absence.files(), State.LOADING, "loaded again");
    }
  }

  private void begin(Versions.Entry entry, Optional<Loaded<I, O>> before, State first, String why) {
    BringUp<I, O> next =
        new BringUp<>(settings, serving.slot(), entry, before, this::liveNow, this, journal, share);
    bringUp = next;
    dropsFor = null;
    fleet.move(fleet.get(entry.version()), first, why);
    ticket =
        Loading.SHARED.start(
            settings.name() + " v" + entry.version(),
            next,
            settings.loadPatience(),
            () -> stuck(next));
  }

  /** It is not wanted any more: {@return which it was} Not while idle. */
  Track<I, O> giveUp() {
    BringUp<I, O> stale = Objects.requireNonNull(bringUp, "a version on its way");
    stale.cancel();
    Loading.Ticket its = ticket;
    if (its != null) {
      its.cancel();
    }
    leave();
    return fleet.get(stale.entry().version());
  }

  /** Nothing is on its way any more. */
  private void leave() {
    bringUp = null;
    ticket = null;
  }

  /** What is on its way while something is unloaded stops: another version serves. */
  void makeWay() {
    Absence<I, O> absence = serving.absence();
    if (absence != null && !isIdle()) {
      Track<I, O> track = giveUp();
      fleet.move(
          track,
          track == absence.track() ? State.UNLOADED : State.AVAILABLE,
          "what was before it serves again");
    }
  }

  // --- steps, on a loader thread -----------------------------------------------------------------

  private Optional<Resident<I, O>> liveNow() {
    return locked(serving::resident);
  }

  private <T> T locked(Supplier<T> step) {
    lock.lock();
    try {
      return step.get();
    } finally {
      lock.unlock();
    }
  }

  private void locked(Runnable step) {
    lock.lock();
    try {
      step.run();
    } finally {
      lock.unlock();
    }
  }

  private boolean isCurrent(BringUp<I, O> other) {
    return bringUp == other;
  }

  @Override
  public void loading(BringUp<I, O> of) {
    locked(
        () -> {
          Track<I, O> track = fleet.find(of.entry().version());
          // What was unloaded is LOADING from the beginning: its files are there.
          if (isCurrent(of) && track != null && track.state() == State.FETCHING) {
            fleet.move(track, State.LOADING, "");
          }
        });
  }

  @Override
  public void loaded(BringUp<I, O> of, Loaded<I, O> version, Duration took) {
    locked(
        () -> {
          if (isCurrent(of)) {
            Track<I, O> track = fleet.get(of.entry().version());
            track.load(version, Instant.now());
            ModelInfo info = version.resident().info();
            events.tell(listener -> listener.onLoaded(info, took));
            fleet.tell(track);
          }
        });
  }

  @Override
  public void passed(BringUp<I, O> of, GateReport report) {
    locked(
        () -> {
          if (isCurrent(of)) {
            fleet.get(of.entry().version()).passed(report);
            events.tell(listener -> listener.onGate(of.entry().version(), report));
          }
        });
  }

  @Override
  public boolean ready(BringUp<I, O> of) {
    return locked(
        () -> {
          if (!isCurrent(of)) {
            return false;
          }
          leave();
          again.run(); // what else is wanted, if anything
          return comesUp(fleet.get(of.entry().version()));
        });
  }

  private boolean comesUp(Track<I, O> track) {
    List<Versions.Entry> wanted = wish.get();
    Absence<I, O> absence = serving.absence();
    if (absence != null) {
      serving.serve(
          track,
          absence.track() == track
              ? "loaded again"
              : absence.info().label() + " was unloaded first");
    } else if (serving.live() == null) {
      serving.serve(track, journal.loss());
    } else if (wanted.stream().noneMatch(e -> e.identity().equals(track.identity()))) {
      fleet.move(track, State.AVAILABLE, "not wanted any more");
      return false;
    } else if (!wanted.get(0).identity().equals(track.identity())) {
      serving.keep(track);
    } else if (settings.rollout() instanceof Rollout.Canary canary) {
      serving.compare(track, canary);
    } else {
      serving.serve(track, "");
    }
    return true;
  }

  @Override
  public void failed(BringUp<I, O> of, ModelLoadException why) {
    locked(() -> fail(of, why, false));
  }

  private void stuck(BringUp<I, O> of) {
    locked(
        () -> {
          of.cancel();
          if (of.hasDropped()) {
            of.giveMemoryBack();
          }
          ModelLoadException why =
              new ModelLoadException(
                  Stage.LOAD,
                  settings.name()
                      + " v"
                      + of.entry().version()
                      + ": expected it to load within "
                      + settings.loadPatience()
                      + "; its thread is left behind");
          fail(of, why, true);
        });
  }

  /** What served once is not given up unless it hangs; what cost an outage is tried once. */
  private void fail(BringUp<I, O> of, ModelLoadException why, boolean stuck) {
    if (!isCurrent(of)) {
      return;
    }
    leave();
    Track<I, O> track = fleet.get(of.entry().version());
    Instant now = Instant.now();
    Absence<I, O> absence = serving.absence();
    if (absence != null && absence.track() == track) {
      if (!stuck) {
        failAgain(absence, why, now);
        return;
      }
      serving.forget(absence, why);
    }
    int failures = track.failures() + 1;
    boolean tried = !stuck && why.retryable() && !of.hasDropped() && !Backoff.isOver(failures);
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
                fleet.tell(same);
              });
    }
    fleet.tell(track);
    events.tell(listener -> listener.onFailed(track.version(), String.valueOf(why.getMessage())));
    again.run(); // the next best, if nothing serves
  }

  private void failAgain(Absence<I, O> absence, ModelLoadException why, Instant now) {
    boolean filesAreBad = why.stage() == Stage.VERIFY || why.stage() == Stage.FETCH;
    int failures = absence.failed(why, filesAreBad);
    Duration delay = Backoff.delay(Math.min(failures, LONGEST_WAIT), settings.interval(), random);
    absence.track().failAgain(why, now.plus(delay), now);
    fleet.tell(absence.track());
    String version = absence.track().version();
    events.tell(listener -> listener.onFailed(version, String.valueOf(why.getMessage())));
    again.run();
  }

  @Override
  public boolean dropping(BringUp<I, O> of) {
    return locked(
        () -> {
          dropsFor = isCurrent(of) ? of.entry().version() : null;
          return dropsFor != null;
        });
  }

  /** Whoever needs the memory waits for it, and may hold its own lock. */
  @Override
  public void unload(BringUp<I, O> of) {
    Clockwork.blocking()
        .execute(
            () ->
                locked(
                    () -> {
                      Track<I, O> track = fleet.find(of.entry().version());
                      if (track != null && track.identity().equals(of.entry().identity())) {
                        unload(track);
                      }
                    }));
  }

  private void unload(Track<I, O> track) {
    if (track != serving.live()) {
      serving.unload(track);
      return;
    }
    String next = dropsFor;
    dropsFor = null;
    if (next != null) {
      serving.rest(track, Reason.SWAPPING, "it makes room for v" + next);
      return;
    }
    String why = "another model needs the memory";
    if (!isIdle()) {
      fleet.move(giveUp(), State.AVAILABLE, why + " of what serves");
    }
    serving.rest(track, Reason.UNLOADED, why);
  }
}
