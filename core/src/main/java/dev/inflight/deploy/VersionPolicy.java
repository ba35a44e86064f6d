package dev.inflight.deploy;

import dev.inflight.repository.Versions;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A pure function: from the versions that are available and have neither failed nor been rejected,
 * to those that should be resident.
 */
@FunctionalInterface
public interface VersionPolicy {
  /**
   * {@return the wanted versions: the first serves, the others are resident beside it; empty keeps
   * what serves}
   */
  List<Versions.Entry> wanted(Versions available);

  /** {@return the newest that works} */
  static VersionPolicy latest() {
    return latest(1);
  }

  /**
   * {@return the newest that works serves, and the next newest are resident up to {@code n} in all}
   *
   * @throws IllegalArgumentException if {@code n} is not positive
   */
  static VersionPolicy latest(int n) {
    if (n <= 0) {
      throw new IllegalArgumentException("latest versions: expected at least 1, got " + n);
    }
    return available -> newestFirst(available, entry -> true).limit(n).toList();
  }

  /** {@return exactly this version, and none other} */
  static VersionPolicy exactly(String version) {
    return matching(entry -> entry.version().equals(version));
  }

  /** {@return the newest that works of those between the two, both included} */
  static VersionPolicy between(String oldest, String newest) {
    return matching(
        entry ->
            Versions.compare(oldest, entry.version()) <= 0
                && Versions.compare(entry.version(), newest) <= 0);
  }

  /** {@return the newest that works of those that match} */
  static VersionPolicy matching(Predicate<? super Versions.Entry> which) {
    return available -> newestFirst(available, which).limit(1).toList();
  }

  /**
   * {@return the version that the repository calls so} While that one is not ready, what serves
   * goes on serving.
   */
  static VersionPolicy alias(String alias) {
    return available -> {
      String version = available.aliases().get(alias);
      return version == null ? List.of() : exactly(version).wanted(available);
    };
  }

  private static Stream<Versions.Entry> newestFirst(
      Versions available, Predicate<? super Versions.Entry> which) {
    List<Versions.Entry> entries = available.entries();
    return IntStream.rangeClosed(1, entries.size())
        .mapToObj(back -> entries.get(entries.size() - back))
        .filter(which);
  }
}
