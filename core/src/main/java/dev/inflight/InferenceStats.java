package dev.inflight;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a model did until one moment: counted as it happens, nothing sampled, nothing reset. The
 * difference of two is a window. While calls run it may miss, or count early, those that end just
 * then; when none do it is exact. Counting costs two looks at the clock a call; {@code
 * -Dinflight.statistics=off} turns it off for slots that are made after.
 *
 * @param model its name
 * @param at when
 * @param over since when: the age of the slot, or the length of the window
 * @param total all versions together, those that are gone included
 * @param versions each that is here now, oldest first
 * @param waiting rows in the queue
 * @param batching what runs of the current version cost, and what is made of it
 * @param droppedEvents events that listeners were too slow for
 * @param listenerFailures times that a listener threw, or was left alone because it stalled
 */
public record InferenceStats(
    String model,
    Instant at,
    Duration over,
    VersionStats total,
    List<VersionStats> versions,
    int waiting,
    BatchingReport batching,
    long droppedEvents,
    long listenerFailures) {
  /** Copies the list. */
  public InferenceStats {
    versions = List.copyOf(versions);
  }

  /** {@return the version of that name that was taken in last, if it is here} */
  public Optional<VersionStats> version(String name) {
    return versions.stream()
        .filter(version -> version.version().equals(name))
        .reduce((first, second) -> second);
  }

  /** {@return all that ended, a second} */
  public double perSecond() {
    double seconds = over.toNanos() / 1e9;
    return seconds > 0 ? total.ends().all() / seconds : 0;
  }

  /** {@return what versions did that are gone: the total less those that are here} */
  public VersionStats gone() {
    VersionStats rest = total;
    for (VersionStats version : versions) {
      rest = rest.since(version);
    }
    return rest;
  }

  /** {@return what happened after {@code earlier}, statistics of the same model} */
  public InferenceStats since(InferenceStats earlier) {
    List<VersionStats> window = new ArrayList<>();
    for (VersionStats version : versions) {
      window.add(
          earlier.versions.stream()
              .filter(before -> isSame(before, version))
              .findFirst()
              .map(version::since)
              .orElse(version));
    }
    return new InferenceStats(
        model,
        at,
        Duration.between(earlier.at, at),
        total.since(earlier.total),
        window,
        waiting,
        batching,
        droppedEvents - earlier.droppedEvents,
        listenerFailures - earlier.listenerFailures);
  }

  private static boolean isSame(VersionStats a, VersionStats b) {
    return a.version().equals(b.version()) && a.since().equals(b.since());
  }

  /** {@return a table for a log or a terminal, a line for each version} */
  @Override
  public String toString() {
    return StatsTable.of(this);
  }
}
