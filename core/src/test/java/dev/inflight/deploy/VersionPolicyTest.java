package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.repository.Versions;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Pure functions from what there is to what is wanted. */
@Timeout(10)
class VersionPolicyTest {
  private static final Versions NONE = new Versions(List.of());
  private static final Versions SOME =
      new Versions(
          Stream.of("10", "9", "2", "1").map(VersionPolicyTest::entry).toList(),
          Map.of("stable", "2", "next", "11"));

  private static Versions.Entry entry(String version) {
    return new Versions.Entry(version, "id" + version, Versions.State.AVAILABLE, "");
  }

  private static List<String> wanted(VersionPolicy policy) {
    assertThat(policy.wanted(NONE)).isEmpty();
    assertThat(policy.wanted(SOME)).isEqualTo(policy.wanted(SOME));
    return policy.wanted(SOME).stream().map(Versions.Entry::version).toList();
  }

  @Test
  void latest_some_isTheNewestByNumber() {
    assertThat(wanted(VersionPolicy.latest())).containsExactly("10");
  }

  @Test
  void latest_several_areNewestFirst() {
    assertThat(wanted(VersionPolicy.latest(3))).containsExactly("10", "9", "2");
    assertThat(wanted(VersionPolicy.latest(7))).containsExactly("10", "9", "2", "1");
  }

  @Test
  void latest_notPositive_throws() {
    assertThatThrownBy(() -> VersionPolicy.latest(0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("latest versions: expected at least 1, got 0");
  }

  @Test
  void exactly_thereOrNot_isThatOneOrNone() {
    assertThat(wanted(VersionPolicy.exactly("2"))).containsExactly("2");
    assertThat(wanted(VersionPolicy.exactly("3"))).isEmpty();
    assertThat(wanted(VersionPolicy.exactly("02"))).isEmpty();
  }

  @Test
  void between_bothIncluded_isTheNewestInside() {
    assertThat(wanted(VersionPolicy.between("1", "9"))).containsExactly("9");
    assertThat(wanted(VersionPolicy.between("2", "8"))).containsExactly("2");
    assertThat(wanted(VersionPolicy.between("3", "8"))).isEmpty();
    assertThat(wanted(VersionPolicy.between("9", "2"))).isEmpty();
  }

  @Test
  void matching_some_isTheNewestOfThem() {
    assertThat(wanted(VersionPolicy.matching(entry -> entry.version().length() == 1)))
        .containsExactly("9");
    assertThat(wanted(VersionPolicy.matching(entry -> false))).isEmpty();
  }

  @Test
  void alias_thereOrNot_isItsVersionOrNone() {
    assertThat(wanted(VersionPolicy.alias("stable"))).containsExactly("2");
    assertThat(wanted(VersionPolicy.alias("next"))).as("not ready").isEmpty();
    assertThat(wanted(VersionPolicy.alias("other"))).isEmpty();
  }
}
