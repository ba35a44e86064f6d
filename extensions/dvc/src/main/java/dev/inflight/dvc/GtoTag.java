package dev.inflight.dvc;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the name of a tag says.
 *
 * @param artifact with {@code :} between directory and name, as in {@code dvc.yaml}
 * @param subject a version without its {@code v}, or a stage; empty for the artifact itself
 * @param counter orders tags of the same second; 0 if there is none
 */
record GtoTag(String artifact, Kind kind, String subject, long counter) {
  /** What happened. */
  enum Kind {
    REGISTERED,
    DEREGISTERED,
    ASSIGNED,
    UNASSIGNED,
    CREATED,
    DEPRECATED
  }

  private static final String NAME = "[a-zA-Z0-9](?:[a-zA-Z0-9-/_]*[a-zA-Z0-9])?";
  private static final String NUMBER = "(?:0|[1-9][0-9]*)";

  /** As GTO takes it from the specification of Semantic Versioning. */
  private static final String SEMVER =
      NUMBER
          + "\\."
          + NUMBER
          + "\\."
          + NUMBER
          + "(?:-[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?(?:\\+[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*)?";

  static final Pattern STAGE = Pattern.compile(NAME);
  static final Pattern VERSION = Pattern.compile(SEMVER);
  static final Pattern ARTIFACT = Pattern.compile("(?:[a-zA-Z0-9-_./]+:)?" + NAME);

  private static final int MAX_LENGTH = 1_000;
  private static final Pattern TAG =
      Pattern.compile(
          "(?<artifact>(?:[a-zA-Z0-9-_./]+=)?"
              + NAME
              + ")(?:(?:#(?<stage>"
              + NAME
              + ")|@v(?<version>"
              + SEMVER
              + "))(?<cancel>!?)|@(?<life>deprecated|created))(?:#(?<counter>[0-9]{1,18}))?");

  /** {@return what it says; empty if it is no tag of GTO} */
  static Optional<GtoTag> parse(String name) {
    Matcher matcher = TAG.matcher(name);
    if (name.length() > MAX_LENGTH || !matcher.matches()) {
      return Optional.empty();
    }
    String artifact = matcher.group("artifact").replace('=', ':');
    String counter = matcher.group("counter");
    long number = counter == null ? 0 : Long.parseLong(counter);
    String life = matcher.group("life");
    if (life != null) {
      Kind kind = life.equals("created") ? Kind.CREATED : Kind.DEPRECATED;
      return Optional.of(new GtoTag(artifact, kind, "", number));
    }
    boolean cancelled = !matcher.group("cancel").isEmpty();
    String stage = matcher.group("stage");
    if (stage != null) {
      Kind kind = cancelled ? Kind.UNASSIGNED : Kind.ASSIGNED;
      return Optional.of(new GtoTag(artifact, kind, stage, number));
    }
    Kind kind = cancelled ? Kind.DEREGISTERED : Kind.REGISTERED;
    return Optional.of(new GtoTag(artifact, kind, matcher.group("version"), number));
  }
}
