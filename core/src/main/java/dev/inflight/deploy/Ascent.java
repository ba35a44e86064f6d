package dev.inflight.deploy;

import dev.inflight.ModelLoadException;
import dev.inflight.ModelLoadException.Stage;
import dev.inflight.deploy.DeploymentStatus.GateReport;
import dev.inflight.deploy.DeploymentStatus.State;
import dev.inflight.repository.Versions;
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
    share = new MemoryShare(settings.memory(), settings.name());
  }

  boolean isIdle() {
    return bringUp == null;
  }

  boolean isOf(String identity) {
    BringUp<I, O> now = bringUp;
    return now != null && now.entry().identity().equals(identity);
  }

  void begin(Versions.Entry entry) {
    BringUp<I, O> next =
        new BringUp<>(settings, serving.slot(), entry, serving.resident(), this, journal, share);
    bringUp = next;
    fleet.move(fleet.get(entry.version()), State.FETCHING, "");
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
    bringUp = null;
    ticket = null;
    return fleet.get(stale.entry().version());
  }

  // --- steps, on a loader thread -----------------------------------------------------------------

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
  public void reached(BringUp<I, O> of, State state) {
    locked(
        () -> {
          Track<I, O> track = fleet.find(of.entry().version());
          if (isCurrent(of) && track != null && track.state() != state) {
            fleet.move(track, state, "");
          }
        });
  }

  @Override
  public void loaded(BringUp<I, O> of, Loaded<I, O> version) {
    locked(
        () -> {
          if (isCurrent(of)) {
            Track<I, O> track = fleet.get(of.entry().version());
            track.load(version, Instant.now());
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
          }
        });
  }

  @Override
  public boolean ready(BringUp<I, O> of) {
    lock.lock();
    try {
      if (!isCurrent(of)) {
        return false;
      }
      bringUp = null;
      ticket = null;
      again.run(); // what else is wanted, if anything
      return comesUp(fleet.get(of.entry().version()));
    } finally {
      lock.unlock();
    }
  }

  private boolean comesUp(Track<I, O> track) {
    List<Versions.Entry> wanted = wish.get();
    if (serving.live() == null) {
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

  private void fail(BringUp<I, O> of, ModelLoadException why, boolean retried) {
    if (!isCurrent(of)) {
      return;
    }
    bringUp = null;
    ticket = null;
    Track<I, O> track = fleet.get(of.entry().version());
    Instant now = Instant.now();
    int failures = track.failures() + 1;
    boolean tried = retried && !Backoff.isOver(failures);
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

  @Override
  public void dropped(BringUp<I, O> of) {
    // Whoever gave it up has said so.
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
                        serving.unload(track);
                      }
                    }));
  }
}
