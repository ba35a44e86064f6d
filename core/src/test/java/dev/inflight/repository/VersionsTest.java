package dev.inflight.repository;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
