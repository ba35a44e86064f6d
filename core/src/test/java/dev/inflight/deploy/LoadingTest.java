package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.ModelLoadException;
import dev.inflight.deploy.DeploymentStatus.State;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What fails, hangs, or comes too late on the way up. */
class LoadingTest extends DeploymentFixture {
  @AfterEach
  void letGo() {
    loader.go.countDown();
    repository.fetchGate.countDown();
    repository.pollGate.countDown();
  }

  @Test
  void fetch_failsTwice_isTriedAgainAndServes() throws Exception {
    repository.publish("1", "one");
    repository.failingFetches.set(2);
    try (var iris = scripted().start()) {
      assertThat(iris.predictor().predict("a")).isEqualTo("one:a");
      var version = iris.status().version("1").orElseThrow();
      assertThat(version.attempts()).isEqualTo(3);
      assertThat(version.nextAttempt()).isEmpty();
      assertThat(repository.fetches).hasValue(3);
      awaitEvent("failed 1 iris v1: java.io.IOException: connection reset");
      awaitEvent("failed 1 iris v1: java.io.IOException: connection reset");
      awaitEvent("live 1");
    }
    assertNothingLeft();
  }

  @Test
  void fetch_failsForGood_isTriedFiveTimes() throws Exception {
    repository.publish("1", "one");
    try (var iris = scripted().start()) {
      repository.failingFetches.set(Integer.MAX_VALUE);
      repository.publish("2", "two");
      DeploymentStatus status = awaitState(iris, "2", State.FAILED);
      assertThat(status.version("2").orElseThrow().attempts()).isEqualTo(5);
      repository.awaitPoll();
      repository.awaitPoll();
      assertThat(repository.fetches).hasValue(6);
      assertThat(iris.predictor().predict("a")).isEqualTo("one:a");
      repository.failingFetches.set(0);
      iris.clear("2");
      awaitEvent("live 2 after 1");
      assertThat(iris.status().version("2").orElseThrow().attempts()).isEqualTo(1);
    }
    assertNothingLeft();
  }

  @Test
  void fetch_failsOnce_saysWhenItIsTriedAgain() throws Exception {
    repository.publish("1", "one");
    repository.failingFetches.set(1);
    try (var iris = scripted().pollEvery(Duration.ofDays(365_000)).startAsync()) {
      DeploymentStatus status =
          await(iris, s -> s.version("1").filter(v -> v.nextAttempt().isPresent()).isPresent());
      var version = status.version("1").orElseThrow();
      assertThat(version.state()).isEqualTo(State.AVAILABLE);
      assertThat(version.reason()).contains("connection reset");
      assertThat(version.nextAttempt().orElseThrow())
          .isBetween(Instant.now().plusSeconds(100), Instant.now().plusSeconds(300));
      assertThat(iris.ready()).isNotDone();
      iris.clear("1");
      awaitEvent("live 1");
    }
    assertNothingLeft();
  }

  @Test
  void load_neverReturns_isGivenUpAndItsResultFreed() throws Exception {
    repository.publish("1", "one");
    FakeRepository others = new FakeRepository();
    others.publish("1", "other");
    try (var iris = scripted().loadWithin(Duration.ofMillis(200)).start()) {
      repository.publish("2", "slow");
      awaitEvent("failed 2 iris v2: expected it to load within PT0.2S");
      assertThat(state(iris, "2")).isEqualTo(State.FAILED);
      try (var other =
          Deployment.of("other", others, loader).staging(staging).start(Duration.ofSeconds(20))) {
        assertThat(other.predictor().predict("a")).isEqualTo("other:a");
      }
      repository.publish("3", "three");
      awaitEvent("live 3 after 1");
      loader.go.countDown();
      await(() -> loader.closed.contains("slow"), () -> loader.closed);
      assertThat(state(iris, "2")).isEqualTo(State.FAILED);
      assertThat(loader.open()).containsExactly("one", "three");
    }
    assertNothingLeft();
  }

  @Test
  void poll_newerWhileLoading_cancelsTheStaleLoad() throws Exception {
    repository.publish("1", "one");
    try (var iris = scripted().start()) {
      repository.publish("2", "slow");
      await(() -> loader.loaded.contains("slow"), () -> loader.loaded);
      repository.publish("3", "three");
      awaitState(iris, "3", State.FETCHING); // waits for its place
      var second = iris.status().version("2").orElseThrow();
      assertThat(second.state()).isEqualTo(State.AVAILABLE);
      assertThat(second.reason()).isEqualTo("superseded by v3");
      loader.go.countDown();
      awaitEvent("live 3 after 1");
      await(() -> loader.closed.contains("slow"), () -> loader.closed);
      assertThat(loader.open()).containsExactly("one", "three");
      assertThat(happened()).noneMatch(event -> event.contains(" 2"));
    }
    assertNothingLeft();
  }

  @Test
  void poll_aliasGoneWhileLoading_keepsWhatServes() throws Exception {
    repository.publish("1", "one");
    repository.aliases.put("stable", "1");
    try (var iris = scripted().policy(VersionPolicy.alias("stable")).start()) {
      repository.publish("2", "slow");
      repository.aliases.put("stable", "2");
      await(() -> loader.loaded.contains("slow"), () -> loader.loaded);
      repository.aliases.clear();
      repository.awaitPoll();
      loader.go.countDown();
      await(() -> loader.closed.contains("slow"), () -> loader.closed);
      assertThat(iris.predictor().predict("a")).isEqualTo("one:a");
      assertThat(state(iris, "2")).isEqualTo(State.AVAILABLE);
    }
    assertNothingLeft();
  }

  @ParameterizedTest
  @EnumSource(names = {"FETCHING", "LOADING", "GATING"})
  void close_onTheWayUp_leavesNothing(State stage) throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    Gate<String, String> gate =
        candidate -> {
          never.await();
          return "";
        };
    if (stage == State.FETCHING) {
      repository.fetchGate = new CountDownLatch(1);
    }
    repository.publish("1", stage == State.LOADING ? "slow" : "one");
    var iris = scripted().gate(gate).startAsync();
    var ready = iris.ready();
    awaitState(iris, "1", stage);
    iris.close();
    assertThatThrownBy(() -> ready.get(20, TimeUnit.SECONDS))
        .hasRootCauseInstanceOf(CancellationException.class);
    loader.go.countDown();
    assertNothingLeft();
    await(
        () ->
            Thread.getAllStackTraces().keySet().stream()
                .noneMatch(thread -> thread.getName().startsWith("inflight-loader iris")),
        () -> Thread.getAllStackTraces().keySet());
    assertThat(iris.ready()).isCompletedExceptionally();
  }

  @Test
  void poll_neverReturns_delaysNoOtherDeploymentAndNoNextBest() throws Exception {
    repository.publish("1", "one");
    repository.publish("2", "slow");
    FakeRepository others = new FakeRepository();
    others.publish("1", "other");
    try (var iris = scripted().startAsync();
        var other = Deployment.of("other", others, loader).staging(staging).startAsync()) {
      awaitState(iris, "2", State.LOADING);
      repository.pollGate = new CountDownLatch(1);
      repository.awaitStuck();
      iris.reject("2", "bad");
      loader.go.countDown();
      awaitEvent("live 1");
      awaitState(other, "1", State.LIVE);
      int polls = repository.polls.get();
      for (int i = 0; i < 10; i++) {
        iris.clear("1");
      }
      others.publish("2", "another");
      awaitState(other, "2", State.LIVE);
      assertThat(repository.polls).as("one poll at a time").hasValue(polls);
      repository.pollGate.countDown();
      repository.awaitPoll();
    }
    assertNothingLeft();
  }

  @Test
  void repository_unreachable_keepsServingAndRecovers() throws Exception {
    repository.publish("1", "one");
    try (var iris = scripted().start()) {
      repository.unreachable = true;
      var status = await(iris, s -> s.problem().isPresent());
      assertThat(status.problem().orElseThrow()).contains("no route to the repository");
      assertThat(iris.predictor().predict("a")).isEqualTo("one:a");
      assertThat(state(iris, "1")).isEqualTo(State.LIVE);
      repository.publish("2", "two");
      repository.unreachable = false;
      awaitEvent("live 2 after 1");
      await(iris, s -> s.problem().isEmpty());
    }
    assertNothingLeft();
  }

  @Test
  void start_unreachable_saysSoWhenTheTimeIsUp() throws Exception {
    repository.unreachable = true;
    assertThatThrownBy(() -> scripted().start(Duration.ofMillis(100)))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContaining("no route to the repository");
    assertNothingLeft();
  }

  @Test
  void ready_continuationThatBlocks_holdsNothingUp() throws Exception {
    CountDownLatch done = new CountDownLatch(1);
    repository.fetchGate = new CountDownLatch(1);
    repository.publish("1", "one");
    try (var iris = scripted().startAsync()) {
      var chained = iris.ready().thenRun(() -> pass(done));
      repository.fetchGate.countDown();
      awaitEvent("live 1");
      repository.publish("2", "two");
      awaitEvent("live 2 after 1");
      assertThat(iris.rollback("while it blocks").version()).isEqualTo("1");
      done.countDown();
      chained.get(20, TimeUnit.SECONDS);
    }
    assertThat(loader.closed).containsExactlyInAnyOrderElementsOf(List.of("one", "two"));
  }

  private static void pass(CountDownLatch latch) {
    try {
      assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
