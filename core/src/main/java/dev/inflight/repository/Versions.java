package dev.inflight.repository;

import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What a repository has of one model at one moment, oldest version first.
 *
 * @param entries ordered by version
 * @param aliases what publishers call some versions, such as {@code stable}: alias to version,
 *     which need not be among the entries
 * @param asOf when the source said so; empty if it was asked just now. For repositories that answer
 *     from what they remember
 */
public record Versions(List<Entry> entries, Map<String, String> aliases, Optional<Instant> asOf) {
  /** Orders the entries, and copies both. */
  public Versions {
    entries =
        entries.stream().sorted(Comparator.comparing(Entry::version, Versions::compare)).toList();
    aliases = Map.copyOf(aliases);
  }

  /** Versions of which the source said just now that they are there. */
  public Versions(List<Entry> entries, Map<String, String> aliases) {
    this(entries, aliases, Optional.empty());
  }

  /** The same without aliases. */
  public Versions(List<Entry> entries) {
    this(entries, Map.of());
  }

  /** {@return these, of which the source said at that moment that they are there} */
  public Versions withAsOf(Instant moment) {
    return new Versions(entries, aliases, Optional.of(moment));
  }

  /** How far a version is. */
  public enum State {
    /** Complete: may be fetched. */
    AVAILABLE,
    /** Still being written, or not yet seen twice without change. */
    PENDING,
    /** Will not be fetched as it is now, for the reason given. */
    REFUSED
  }

  /**
   * One version.
   *
   * @param version as the repository calls it
   * @param identity of its content; another identity is another content. Empty while {@code
   *     PENDING}
   * @param state how far it is
   * @param reason why it is not available; empty if it is
   */
  public record Entry(String version, String identity, State state, String reason) {}

  /**
   * {@return the order of two versions: by number where both are numbers, by Semantic Versioning
   * where both are such versions, with or without a leading {@code v}, else as text} Numbers come
   * before semantic versions, and these before other words.
   */
  public static int compare(String a, String b) {
    Optional<Semver> semverA = Semver.parse(a);
    Optional<Semver> semverB = Semver.parse(b);
    if (semverA.isPresent() && semverB.isPresent()) {
      int order = semverA.get().compareTo(semverB.get());
      return order != 0 ? order : a.compareTo(b);
    }
    if (semverA.isPresent() || semverB.isPresent()) {
      boolean first = isNumber(a) || (semverA.isPresent() && !isNumber(b));
      return first ? -1 : 1;
    }
    return compareNames(a, b);
  }

  /** By number where both are numbers, a number before a word, else as text. */
  static int compareNames(String a, String b) {
    boolean numberA = isNumber(a);
    boolean numberB = isNumber(b);
    if (numberA && numberB) {
      return a.length() != b.length() ? Integer.compare(a.length(), b.length()) : a.compareTo(b);
    }
    return numberA == numberB ? a.compareTo(b) : numberA ? -1 : 1;
  }

  private static boolean isNumber(String version) {
    return !version.isEmpty() && version.chars().allMatch(c -> c >= '0' && c <= '9');
  }
}
