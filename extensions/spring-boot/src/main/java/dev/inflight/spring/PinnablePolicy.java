package dev.inflight.spring;

import dev.inflight.deploy.VersionPolicy;
import dev.inflight.repository.Versions;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The configured policy, unless an operator has said which version. */
final class PinnablePolicy implements VersionPolicy {
  private final VersionPolicy configured;
  private volatile @Nullable String pinned;

  private PinnablePolicy(VersionPolicy configured) {
    this.configured = configured;
  }

  /** Of {@code text}, as in the property {@code policy} of {@code model}. */
  static PinnablePolicy parse(String model, String text) {
    return new PinnablePolicy(policy(model, text));
  }

  private static VersionPolicy policy(String model, String text) {
    int colon = text.indexOf(':');
    String kind = colon < 0 ? text : text.substring(0, colon);
    String rest = colon < 0 ? "" : text.substring(colon + 1);
    int dots = rest.indexOf("..");
    if (text.equals("latest")) {
      return VersionPolicy.latest();
    } else if (kind.equals("latest") && rest.matches("[1-9][0-9]{0,5}")) {
      return VersionPolicy.latest(Integer.parseInt(rest));
    } else if (kind.equals("exactly") && !rest.isEmpty()) {
      return VersionPolicy.exactly(rest);
    } else if (kind.equals("alias") && !rest.isEmpty()) {
      return VersionPolicy.alias(rest);
    } else if (kind.equals("between") && dots > 0 && dots + 2 < rest.length()) {
      return VersionPolicy.between(rest.substring(0, dots), rest.substring(dots + 2));
    }
    throw new IllegalArgumentException(
        "inflight.models."
            + model
            + ".policy: expected latest, latest:3, exactly:2, between:3..7 or alias:champion, got '"
            + text
            + "'");
  }

  void pin(String version) {
    pinned = version;
  }

  void unpin() {
    pinned = null;
  }

  Optional<String> pinned() {
    String version = pinned;
    return version == null ? Optional.empty() : Optional.of(version);
  }

  @Override
  public List<Versions.Entry> wanted(Versions available) {
    String version = pinned;
    return (version == null ? configured : VersionPolicy.exactly(version)).wanted(available);
  }
}
