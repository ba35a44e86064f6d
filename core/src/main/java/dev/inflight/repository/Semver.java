package dev.inflight.repository;

import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A version of three numbers, ordered as section 11 of Semantic Versioning 2.0.0 says.
 *
 * @param parts major, minor and patch, without leading zeros
 * @param early what comes before that version, such as {@code rc, 1}; empty for the version itself
 */
record Semver(List<String> parts, List<String> early) implements Comparable<Semver> {
  private static final String NUMBER = "(0|[1-9][0-9]*)";
  private static final Pattern FORM =
      Pattern.compile(
          "v?"
              + NUMBER
              + "\\."
              + NUMBER
              + "\\."
              + NUMBER
              + "(?:-([0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*))?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?");

  /** {@return what a text says; empty if it is something else} */
  static Optional<Semver> parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches()) {
      return Optional.empty();
    }
    String early = matcher.group(4);
    return Optional.of(
        new Semver(
            List.of(matcher.group(1), matcher.group(2), matcher.group(3)),
            early == null ? List.of() : List.of(early.split("\\."))));
  }

  @Override
  public int compareTo(Semver other) {
    int order = compare(parts, other.parts);
    if (order != 0 || early.isEmpty() || other.early.isEmpty()) {
      return order != 0 ? order : Boolean.compare(early.isEmpty(), other.early.isEmpty());
    }
    return compare(early, other.early);
  }

  /** Name by name; what has more of them is greater. */
  private static int compare(List<String> a, List<String> b) {
    for (int i = 0; i < Math.min(a.size(), b.size()); i++) {
      int order = Versions.compareNames(a.get(i), b.get(i));
      if (order != 0) {
        return order;
      }
    }
    return Integer.compare(a.size(), b.size());
  }
}
