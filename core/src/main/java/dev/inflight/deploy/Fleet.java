package dev.inflight.deploy;

import dev.inflight.ModelLoadException;
import dev.inflight.deploy.DeploymentStatus.State;
import dev.inflight.repository.Versions;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * All versions of a deployment that are known, and the content that is barred from them.
 *
 * <p>Invariant: one track for each version; other content under its number is another track, which
 * takes its place when the first is not in use. Belongs to the deployment's lock.
 */
final class Fleet<I, O> {
  private final Map<String, Track<I, O>> tracks = new HashMap<>();
  private final Map<String, Track<I, O>> barred = new HashMap<>(); // by identity
  private final Map<String, String> barredBefore = new HashMap<>(); // why, in an earlier life
  private final Events events;
  private Versions found = new Versions(List.of());

  Fleet(Events events) {
    this.events = events;
  }

  /** What the repository has now. */
  void update(Versions now, Instant at) {
    found = now;
    Set<String> names = new HashSet<>();
    for (Versions.Entry entry : now.entries()) {
      names.add(entry.version());
      Track<I, O> track = tracks.get(entry.version());
      if (track == null || isOutdated(track, entry)) {
        appear(new Track<>(entry, at), at);
      }
    }
    tracks.values().removeIf(track -> !names.contains(track.version()) && !isInUse(track));
  }

  private void appear(Track<I, O> track, Instant at) {
    tracks.put(track.version(), track);
    Track<I, O> same = barred.get(track.identity());
    String before = barredBefore.get(track.identity());
    if (same != null && track.state() == State.AVAILABLE) {
      track.end(same, at);
    } else if (before != null && track.state() == State.AVAILABLE) {
      track.move(State.REJECTED, before, at);
    }
    tell(track);
    if (track.state() == State.FAILED) {
      String reason = track.status().reason();
      events.tell(listener -> listener.onFailed(track.version(), reason));
    }
  }

  void move(Track<I, O> track, State state, String why) {
    track.move(state, why, Instant.now());
    tell(track);
  }

  void tell(Track<I, O> track) {
    events.moved(track.status());
  }

  private static boolean isInUse(Track<?, ?> track) {
    return track.isResident()
        || track.state() == State.FETCHING
        || track.state() == State.LOADING
        || track.state() == State.UNLOADED;
  }

  private static boolean isOutdated(Track<?, ?> track, Versions.Entry entry) {
    if (isInUse(track)) {
      return false;
    }
    boolean sameContent = track.identity().equals(entry.identity());
    State state = Track.of(entry);
    return switch (track.state()) {
      case PENDING -> state != State.PENDING;
      case AVAILABLE, RETIRED -> !sameContent || state != State.AVAILABLE;
      case REJECTED -> !sameContent;
      case FAILED ->
          !sameContent
              || (track.failure() == null
                  && (state != State.FAILED || !track.status().reason().equals(entry.reason())));
      default -> false;
    };
  }

  /** What the policy may choose from. */
  Versions eligible(Instant now) {
    return new Versions(
        found.entries().stream()
            .map(this::asVerified)
            .filter(entry -> entry.state() == Versions.State.AVAILABLE)
            .filter(entry -> !isBarred(entry.identity()))
            .filter(
                entry -> {
                  Track<I, O> track = tracks.get(entry.version());
                  return track == null || track.isDue(now);
                })
            .toList(),
        found.aliases(),
        found.asOf());
  }

  /** What is in use is what was verified, whatever has become of its files. */
  private Versions.Entry asVerified(Versions.Entry entry) {
    Track<I, O> track = tracks.get(entry.version());
    return track == null || !isInUse(track) ? entry : track.entry();
  }

  /** When the first of those that wait is tried again. */
  Optional<Instant> nextAttempt(Instant now) {
    return tracks.values().stream()
        .flatMap(track -> track.status().nextAttempt().stream())
        .filter(now::isBefore)
        .min(Comparator.naturalOrder());
  }

  boolean isPending() {
    return found.entries().stream().anyMatch(e -> e.state() == Versions.State.PENDING);
  }

  boolean isAnyWaiting() {
    return tracks.values().stream().anyMatch(Track::isWaiting);
  }

  Versions found() {
    return found;
  }

  @Nullable Track<I, O> find(String version) {
    return tracks.get(version);
  }

  Track<I, O> get(String version) {
    Track<I, O> track = tracks.get(version);
    if (track == null) {
      throw new IllegalArgumentException(
          "expected one of the versions " + sorted() + ", got v" + version);
    }
    return track;
  }

  void bar(Track<I, O> track) {
    barred.put(track.identity(), track);
  }

  /** That content was barred before this start. */
  void barBefore(String identity, String why) {
    barredBefore.put(identity, why);
  }

  private boolean isBarred(String identity) {
    return barred.containsKey(identity) || barredBefore.containsKey(identity);
  }

  void unbar(Track<I, O> track) {
    barred.remove(track.identity());
    barredBefore.remove(track.identity());
  }

  /** The versions with these bytes. */
  List<Track<I, O>> sameContent(String identity) {
    return sorted().stream().filter(track -> track.identity().equals(identity)).toList();
  }

  /** The newest failure of those that failed, or null. */
  @Nullable ModelLoadException newestFailure() {
    List<Track<I, O>> sorted = sorted();
    for (int i = sorted.size() - 1; i >= 0; i--) {
      ModelLoadException failure = sorted.get(i).failure();
      if (failure != null) {
        return failure;
      }
    }
    return null;
  }

  List<Track<I, O>> sorted() {
    List<Track<I, O>> all = new ArrayList<>(tracks.values());
    all.sort(Comparator.comparing(Track::version, Versions::compare));
    return all;
  }
}
