package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.CallOptions;
import dev.inflight.ModelUnavailableException;
import dev.inflight.deploy.DeploymentStatus.State;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Back to what served before, and what stays resident for it. */
class RollbackTest extends DeploymentFixture {
  private void startWith(Deployment<String, String> iris, String... contents) throws Exception {
    for (int i = 1; i <= contents.length; i++) {
      repository.publish("" + i, contents[i - 1]);
      awaitEvent("live " + i);
    }
    assertThat(iris.predictor().predict("a")).isEqualTo(contents[contents.length - 1] + ":a");
  }

  @Test
  void rollback_oneBehind_servesAtOnceAndIsNotUndone() throws Exception {
    try (var iris = scripted().startAsync()) {
      startWith(iris, "one", "two");
      assertThat(iris.rollback("complaints").version()).isEqualTo("1");
      assertThat(iris.predictor().predict("a")).isEqualTo("one:a");
      DeploymentStatus status = iris.status();
      assertThat(status.live().orElseThrow().version()).isEqualTo("1");
      assertThat(status.version("1").orElseThrow().reason())
          .isEqualTo("rolled back from v2: complaints");
      assertThat(status.version("2").orElseThrow().state()).isEqualTo(State.REJECTED);
      assertThat(status.version("2").orElseThrow().reason()).isEqualTo("complaints");
      awaitEvent("live 1 after 2");
      awaitEvent("failed 2 complaints");
      awaitEvent("retired 2");
      repository.awaitPoll();
      repository.awaitPoll();
      assertThat(iris.predictor().predict("a")).isEqualTo("one:a");
      assertThat(loader.loaded).containsExactly("one", "two");
      assertThat(loader.open()).containsExactly("one");
    }
    assertNothingLeft();
  }

  @Test
  void rollback_sameBytesUnderANewNumber_areNotWantedEither() throws Exception {
    try (var iris = scripted().startAsync()) {
      startWith(iris, "one", "two");
      iris.rollback("complaints");
      repository.publish("3", "two");
      DeploymentStatus status = awaitState(iris, "3", State.REJECTED);
      assertThat(status.version("3").orElseThrow().reason()).isEqualTo("as v2: complaints");
      repository.awaitPoll();
      assertThat(loader.loaded).containsExactly("one", "two");
      repository.publish("4", "four");
      awaitEvent("live 4 after 1");
    }
    assertNothingLeft();
  }

  @Test
  void rollback_versionIsWrittenAnew_staysRejected() throws Exception {
    try (var iris = scripted().startAsync()) {
      startWith(iris, "one", "two");
      iris.rollback("complaints");
      repository.put("2", "", dev.inflight.repository.Versions.State.PENDING);
      awaitState(iris, "2", State.PENDING);
      repository.publish("2", "two");
      awaitState(iris, "2", State.REJECTED);
      repository.awaitPoll();
      assertThat(loader.loaded).containsExactly("one", "two");
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"2", "3"})
  void clear_eitherOfTwoWithTheSameBytes_letsTheNewestServe(String cleared) throws Exception {
    try (var iris = scripted().startAsync()) {
      startWith(iris, "one", "two");
      iris.rollback("complaints");
      repository.publish("3", "two");
      awaitState(iris, "3", State.REJECTED);
      iris.clear(cleared);
      awaitEvent("live 3 after 1");
      assertThat(iris.predictor().predict("a")).isEqualTo("two:a");
      assertThat(state(iris, "2")).isEqualTo(State.AVAILABLE);
    }
    assertNothingLeft();
  }

  private static void assertSameButForPolls(DeploymentStatus got, DeploymentStatus expected) {
    assertThat(got).usingRecursiveComparison().ignoringFields("lastHeard").isEqualTo(expected);
  }

  @Test
  void rollback_nothingBehind_throwsAndChangesNothing() throws Exception {
    try (var iris = scripted().startAsync()) {
      assertThatThrownBy(() -> iris.rollback("too early"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageStartingWith("iris: expected a resident version to go back to");
      startWith(iris, "one");
      DeploymentStatus before = iris.status();
      assertThatThrownBy(() -> iris.rollback("why not"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageStartingWith("iris: expected a resident version to go back to")
          .hasMessageContaining("v1 (LIVE)");
      assertSameButForPolls(iris.status(), before);
      assertThatThrownBy(() -> iris.reject("1", "why not"))
          .isInstanceOf(IllegalStateException.class);
      assertSameButForPolls(iris.status(), before);
      assertThat(iris.predictor().predict("a")).isEqualTo("one:a");
    }
  }

  @Test
  void rollback_closed_throws() throws Exception {
    var iris = scripted().startAsync();
    startWith(iris, "one", "two");
    iris.close();
    assertThatThrownBy(() -> iris.rollback("late")).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> iris.reject("1", "late")).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(() -> iris.clear("1")).isInstanceOf(IllegalStateException.class);
    assertThatThrownBy(iris::promote).isInstanceOf(IllegalStateException.class);
    assertNothingLeft();
  }

  @Test
  void keep_none_retiresAndCannotGoBack() throws Exception {
    try (var iris = scripted().keep(0).startAsync()) {
      startWith(iris, "one", "two");
      awaitEvent("retired 1");
      assertThat(state(iris, "1")).isEqualTo(State.RETIRED);
      assertThatThrownBy(() -> iris.rollback("why not")).isInstanceOf(IllegalStateException.class);
      assertThat(loader.open()).containsExactly("two");
    }
  }

  @Test
  void keep_two_goesBackTwice() throws Exception {
    try (var iris = scripted().keep(2).startAsync()) {
      startWith(iris, "one", "two", "three", "four");
      awaitEvent("retired 1");
      assertThat(loader.open()).containsExactly("two", "three", "four");
      assertThat(iris.rollback("first").version()).isEqualTo("3");
      assertThat(iris.rollback("second").version()).isEqualTo("2");
      assertThatThrownBy(() -> iris.rollback("third")).isInstanceOf(IllegalStateException.class);
      assertThat(iris.predictor().predict("a")).isEqualTo("two:a");
      repository.awaitPoll();
      await(() -> loader.open().equals(List.of("two")), loader::open);
    }
    assertNothingLeft();
  }

  @Test
  void latest_two_bothAnswerTheirConversations() throws Exception {
    repository.publish("1", "one");
    repository.publish("2", "two");
    try (var iris = scripted().policy(VersionPolicy.latest(2)).keep(0).start()) {
      awaitState(iris, "1", State.RETAINED);
      CallOptions first = CallOptions.defaults().withVersion("1");
      assertThat(iris.predictor().predict("a")).isEqualTo("two:a");
      assertThat(iris.predictor().predict("a", first)).isEqualTo("one:a");
      repository.publish("3", "three");
      awaitEvent("live 3 after 2");
      CallOptions second = CallOptions.defaults().withVersion("2");
      assertThat(iris.predictor().predict("a", second)).isEqualTo("two:a");
      await(() -> loader.open().equals(List.of("two", "three")), loader::open);
      assertThatThrownBy(() -> iris.predictor().predict("a", first))
          .isInstanceOfSatisfying(
              ModelUnavailableException.class,
              e -> assertThat(e.reason()).isEqualTo(ModelUnavailableException.Reason.NOT_RESIDENT));
      assertThat(iris.rollback("worse").version()).isEqualTo("2");
      awaitState(iris, "1", State.RETAINED); // the two newest that work
      assertThat(loader.open()).containsExactly("two", "one");
    }
    assertNothingLeft();
  }

  @Test
  void alias_movesBack_servesTheRetainedWithoutLoading() throws Exception {
    repository.publish("1", "one");
    repository.publish("2", "two");
    repository.aliases.put("stable", "1");
    try (var iris = scripted().policy(VersionPolicy.alias("stable")).start()) {
      awaitEvent("live 1");
      repository.aliases.put("stable", "2");
      awaitEvent("live 2 after 1");
      repository.aliases.put("stable", "1");
      awaitEvent("live 1 after 2");
      repository.aliases.put("stable", "2");
      awaitEvent("live 2 after 1");
      assertThat(loader.loaded).containsExactly("one", "two");
      repository.aliases.clear();
      repository.awaitPoll();
      assertThat(iris.predictor().predict("a")).isEqualTo("two:a");
    }
    assertNothingLeft();
  }

  @Test
  void policy_throws_keepsServingAndSaysSo() throws Exception {
    var broken = new java.util.concurrent.atomic.AtomicBoolean();
    VersionPolicy policy =
        VersionPolicy.matching(
            entry -> {
              if (broken.get()) {
                throw new IllegalArgumentException("no such label");
              }
              return true;
            });
    try (var iris = scripted().policy(policy).startAsync()) {
      startWith(iris, "one", "two");
      broken.set(true);
      await(iris, status -> status.problem().orElse("").contains("no such label"));
      assertThat(iris.rollback("complaints").version()).isEqualTo("1");
      broken.set(false);
      repository.publish("3", "three");
      awaitEvent("live 3 after 1");
      await(iris, status -> status.problem().isEmpty());
    }
    assertNothingLeft();
  }

  @Test
  void poll_liveVersionLooksUnfinished_goesOnServing() throws Exception {
    try (var iris = scripted().keep(0).startAsync()) {
      startWith(iris, "one", "two");
      for (var state :
          List.of(
              dev.inflight.repository.Versions.State.PENDING,
              dev.inflight.repository.Versions.State.REFUSED)) {
        repository.put("2", "", state);
        repository.awaitPoll();
        repository.awaitPoll();
        assertThat(iris.predictor().predict("a")).isEqualTo("two:a");
      }
      repository.publish("2", "other bytes");
      repository.awaitPoll();
      assertThat(iris.predictor().predict("a")).isEqualTo("two:a");
      assertThat(loader.loaded).containsExactly("one", "two");
      repository.publish("3", "three");
      awaitEvent("live 3 after 2");
    }
    assertNothingLeft();
  }

  @Test
  void rollback_whileACanaryRuns_comparesItWithWhatServesNow() throws Exception {
    repository.publish("1", "one");
    Rollout shadow = Rollout.shadow(CanaryOptions.defaults());
    try (var iris = scripted().rollout(shadow).start()) {
      repository.publish("2", "two");
      awaitState(iris, "2", State.CANARY);
      iris.promote();
      repository.publish("3", "three");
      awaitState(iris, "3", State.CANARY);
      assertThat(iris.rollback("complaints").version()).isEqualTo("1");
      await(
          iris,
          status ->
              status.version("3").orElseThrow().state() == State.CANARY
                  && status.version("3").orElseThrow().reason().equals("beside v1"));
      await(() -> loader.open().equals(List.of("one", "three")), loader::open);
      iris.reject("3", "bad");
      await(() -> loader.open().equals(List.of("one")), loader::open);
    }
    assertNothingLeft();
  }
}
