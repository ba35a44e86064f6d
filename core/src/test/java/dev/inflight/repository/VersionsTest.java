package dev.inflight.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The order of versions, and that nobody changes them later. */
class VersionsTest {
  private static Versions.Entry entry(String version) {
    return new Versions.Entry(version, "", Versions.State.PENDING, "");
  }

  @Test
  void entries_mixed_areNumbersFirstByValueThenWords() {
    assertThat(new Versions(List.of(entry("b"), entry("10"), entry("a"), entry("9"))).entries())
        .extracting(Versions.Entry::version)
        .containsExactly("9", "10", "a", "b");
  }

  /** The example of section 11 of Semantic Versioning 2.0.0, and what is not in it. */
  @Test
  void entries_semantic_areOrderedAsTheSpecificationSays() {
    List<String> ordered =
        List.of(
            "7",
            "20250101",
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
            "1.2.9",
            "v1.2.10",
            "1.11.0",
            "2.0.0",
            "10.0.0",
            "1.02.0",
            "1.2",
            "v1",
            "version");
    List<String> shuffled = new ArrayList<>(ordered);
    Collections.shuffle(shuffled, new Random(42));
    assertThat(new Versions(shuffled.stream().map(VersionsTest::entry).toList()).entries())
        .extracting(Versions.Entry::version)
        .containsExactlyElementsOf(ordered);
  }

  @Test
  void compare_differingInTheirSpellingOnly_isAsText() {
    assertThat(Versions.compare("1.0.0+a", "1.0.0+b")).isNegative();
    assertThat(Versions.compare("v1.0.0", "1.0.0")).isPositive();
    assertThat(Versions.compare("1.0.0", "1.0.0")).isZero();
  }

  @Test
  void aliases_notSaid_areNone() {
    assertThat(new Versions(List.of(entry("1"))).aliases()).isEmpty();
  }

  @Test
  void asOf_notSaid_isNow() {
    Versions versions = new Versions(List.of(entry("1")), Map.of("stable", "1"));
    Instant moment = Instant.parse("2026-01-02T03:04:05Z");
    assertThat(versions.asOf()).isEmpty();
    Versions remembered = versions.withAsOf(moment);
    assertThat(remembered.asOf()).contains(moment);
    assertThat(remembered.entries()).isEqualTo(versions.entries());
    assertThat(remembered.aliases()).isEqualTo(versions.aliases());
  }

  @Test
  void aliases_mapChangedLater_areWhatTheyWere() {
    Map<String, String> aliases = new HashMap<>(Map.of("stable", "1"));
    Versions versions = new Versions(List.of(), aliases);
    aliases.put("stable", "2");
    assertThat(versions.aliases()).isEqualTo(Map.of("stable", "1"));
    assertThatThrownBy(() -> versions.aliases().clear())
        .isInstanceOf(UnsupportedOperationException.class);
  }
}
