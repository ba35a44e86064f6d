package dev.inflight.deploy;

import dev.inflight.repository.Versions;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What can be had without the repository: the version that served last, of which a home has a copy.
 * One poll at a time.
 */
final class Fallback {
  private final Journal journal;
  private @Nullable Versions kept;

  Fallback(Journal journal) {
    this.journal = journal;
  }

  /**
   * What served last is there too, whatever has become of its files, until something serves.
   *
   * @param found what the repository has, null if it cannot be reached
   * @param served whether anything has served yet
   * @param first whether it is to serve before anything that was found
   */
  @Nullable Versions beside(@Nullable Versions found, boolean served, boolean first) {
    if (found != null && !first) {
      return found;
    }
    Versions its = kept;
    // Before anything has served what is kept cannot change, and hashing it would hold up its load.
    if (its == null || its.entries().isEmpty() || (found == null && served)) {
      try {
        its = journal.versions(); // reads all its bytes
      } catch (IllegalStateException e) {
        return found; // closed meanwhile
      }
      kept = its;
    }
    return found == null ? its : merged(found, its);
  }

  /** Whatever {@code found} has takes its place, under that number too. */
  private static Versions merged(Versions found, Versions kept) {
    List<Versions.Entry> all = new ArrayList<>(found.entries());
    for (Versions.Entry entry : kept.entries()) {
      boolean there =
          all.stream()
              .filter(e -> e.state() == Versions.State.AVAILABLE)
              .anyMatch(
                  e ->
                      e.version().equals(entry.version()) || e.identity().equals(entry.identity()));
      if (!there) {
        all.removeIf(e -> e.version().equals(entry.version()));
        all.add(entry);
      }
    }
    return new Versions(all, found.aliases(), found.asOf());
  }
}
