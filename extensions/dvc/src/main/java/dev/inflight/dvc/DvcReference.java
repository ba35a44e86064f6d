package dev.inflight.dvc;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What is followed: one artifact at one of these. */
sealed interface DvcReference {
  /** The artifact's name as in {@code dvc.yaml}, or a path. */
  String artifact();

  /** The version that has a stage. */
  record Staged(String artifact, String stage) implements DvcReference {
    @Override
    public String toString() {
      return artifact + "#" + stage;
    }
  }

  /** A registered version, without its {@code v}. */
  record Registered(String artifact, String version) implements DvcReference {
    @Override
    public String toString() {
      return artifact + "@v" + version;
    }
  }

  /** The greatest registered version. */
  record Latest(String artifact) implements DvcReference {
    @Override
    public String toString() {
      return artifact + "@latest";
    }
  }

  /** What a branch, a tag or a commit holds. */
  record Revision(String artifact, String revision) implements DvcReference {
    @Override
    public String toString() {
      return artifact + " at " + revision;
    }
  }

  /** The forms of {@link #parse}. */
  Pattern ADDRESS =
      Pattern.compile(
          "(?<artifact>"
              + GtoTag.ARTIFACT
              + ")(?:#(?<stage>"
              + GtoTag.STAGE
              + ")|@v(?<version>"
              + GtoTag.VERSION
              + ")|@(?:latest|greatest))");

  /**
   * {@return what an address means}
   *
   * @throws IllegalArgumentException if it is none of the forms
   */
  static DvcReference parse(String address) {
    Matcher matcher = ADDRESS.matcher(address);
    if (!matcher.matches()) {
      throw new IllegalArgumentException(
          "model address: expected <artifact>#<stage>, <artifact>@v<major.minor.patch> or"
              + " <artifact>@latest, such as fraud#prod or models:fraud@v1.2.3, got '"
              + address
              + "'");
    }
    String artifact = matcher.group("artifact");
    if (matcher.group("stage") != null) {
      return new Staged(artifact, matcher.group("stage"));
    }
    String version = matcher.group("version");
    return version == null ? new Latest(artifact) : new Registered(artifact, version);
  }
}
