package dev.inflight.dvc;

import static dev.inflight.dvc.GtoTag.Kind.ASSIGNED;
import static dev.inflight.dvc.GtoTag.Kind.CREATED;
import static dev.inflight.dvc.GtoTag.Kind.DEPRECATED;
import static dev.inflight.dvc.GtoTag.Kind.DEREGISTERED;
import static dev.inflight.dvc.GtoTag.Kind.REGISTERED;
import static dev.inflight.dvc.GtoTag.Kind.UNASSIGNED;
import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What names of tags mean, and what all of them together. */
class GtoTagTest {
  private static final String A = "a".repeat(40);
  private static final String B = "b".repeat(40);

  private final List<Registry.Event> events = new ArrayList<>();

  private static void assertParsed(
      String name, String artifact, GtoTag.Kind kind, String subject, long counter) {
    assertThat(GtoTag.parse(name)).contains(new GtoTag(artifact, kind, subject, counter));
  }

  @Test
  void parse_formsOfGto_areUnderstood() {
    assertParsed("churn@v1.2.3", "churn", REGISTERED, "1.2.3", 0);
    assertParsed("churn@v1.2.3!", "churn", DEREGISTERED, "1.2.3", 0);
    assertParsed("churn@v1.2.3-rc.1+b5#7", "churn", REGISTERED, "1.2.3-rc.1+b5", 7);
    assertParsed("churn#prod", "churn", ASSIGNED, "prod", 0);
    assertParsed("churn#prod#5", "churn", ASSIGNED, "prod", 5);
    assertParsed("churn#prod!#6", "churn", UNASSIGNED, "prod", 6);
    assertParsed("churn@deprecated", "churn", DEPRECATED, "", 0);
    assertParsed("churn@created#2", "churn", CREATED, "", 2);
    assertParsed("models=churn@v1.2.3", "models:churn", REGISTERED, "1.2.3", 0);
    assertParsed("a/b.c_d=churn/x-1#prod", "a/b.c_d:churn/x-1", ASSIGNED, "prod", 0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "v1.2.3",
        "churn",
        "churn@1.2.3",
        "churn@v1.2",
        "churn@v01.2.3",
        "churn#",
        "#prod",
        "churn#prod#",
        "churn#prod#x",
        "-churn#prod",
        "churn-#prod",
        "churn#prod!!",
        "churn@latest",
        "churn @v1.2.3",
        "ch:urn#prod",
        "churn@deprecated!"
      })
  void parse_otherTags_areNoneOfGto(String name) {
    assertThat(GtoTag.parse(name)).isEmpty();
  }

  @Test
  void parse_longNameOfOneCharacter_isQuick() {
    assertThat(GtoTag.parse("a-".repeat(400) + "!")).isEmpty();
  }

  private GtoTagTest tag(String name, String commit) {
    return tag(name, commit, events.size());
  }

  private GtoTagTest tag(String name, String commit, long second) {
    GtoTag tag = GtoTag.parse(name).orElseThrow();
    events.add(new Registry.Event(tag, commit, Instant.ofEpochSecond(second)));
    return this;
  }

  private Registry registry() {
    List<Registry.Event> shuffled = new ArrayList<>(events);
    java.util.Collections.reverse(shuffled);
    return Registry.of(shuffled);
  }

  @Test
  void versions_deregistered_areGoneUntilRegisteredAgain() {
    tag("m@v1.0.0", A).tag("m@v1.1.0", B).tag("m@v1.0.0!", A);
    assertThat(registry().versions()).containsOnlyKeys("1.1.0");
    tag("m@v1.0.0#3", B);
    assertThat(registry().versions()).containsEntry("1.0.0", B).containsEntry("1.1.0", B);
    assertThat(registry().nameOf(B)).isEqualTo("1.1.0");
  }

  @Test
  void stages_assignedTwice_areTheNewestNotTheGreatest() {
    tag("m@v2.0.0", B).tag("m#prod#1", B).tag("m@v1.0.0", A).tag("m#prod#2", A);
    assertThat(registry().stages()).containsEntry("prod", A);
    assertThat(registry().nameOf(A)).isEqualTo("1.0.0");
  }

  @Test
  void stages_takenBack_areThoseOfTheOneBefore() {
    tag("m@v1.0.0", A).tag("m@v2.0.0", B).tag("m#prod#1", A).tag("m#prod#2", B).tag("m#prod!#3", B);
    assertThat(registry().stages()).containsEntry("prod", A);
    tag("m#prod!#4", A);
    assertThat(registry().stages()).isEmpty();
  }

  @Test
  void stages_ofTheSameSecond_areOrderedByTheirCounters() {
    tag("m#prod#10", B, 5).tag("m#prod#9", A, 5);
    assertThat(registry().stages()).containsEntry("prod", B);
  }

  @Test
  void stages_ofACommitWithoutVersion_nameTheCommit() {
    tag("m#dev", A);
    assertThat(registry().nameOf(A)).isEqualTo(A);
    assertThat(registry().commitOf(A)).contains(A);
    assertThat(registry().commitOf(B)).isEmpty();
  }

  @Test
  void stages_ofADeregisteredVersion_areNone() {
    tag("m@v1.0.0", A).tag("m#prod", A).tag("m@v1.0.0!", A);
    assertThat(registry().stages()).isEmpty();
  }

  @Test
  void artifact_deprecated_hasNothingUntilItIsUsedAgain() {
    tag("m@v1.0.0", A).tag("m#prod", A).tag("m@deprecated", A);
    assertThat(registry()).isEqualTo(new Registry(java.util.Map.of(), java.util.Map.of()));
    tag("m@v1.1.0", B);
    assertThat(registry().versions()).containsOnlyKeys("1.0.0", "1.1.0");
  }

  @Test
  void latest_manyDigits_isTheGreatestByNumber() {
    tag("m@v1.2.9", A).tag("m@v1.2.10", A).tag("m@v1.2.10-rc.1", A);
    assertThat(registry().latest()).contains("1.2.10");
  }
}
