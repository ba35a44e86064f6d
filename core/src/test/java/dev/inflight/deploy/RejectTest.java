package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.deploy.DeploymentStatus.State;
import dev.inflight.repository.Versions;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Taking a version out, wherever it stands. */
class RejectTest extends DeploymentFixture {
  private void assertRejected(Deployment<String, String> iris, String version) throws Exception {
    awaitEvent("failed " + version + " bad");
    repository.awaitPoll();
    repository.awaitPoll();
    assertThat(state(iris, version)).isEqualTo(State.REJECTED);
    assertThat(iris.status().version(version).orElseThrow().reason()).isEqualTo("bad");
  }

  @Test
  void reject_available_isNeverLoaded() throws Exception {
    repository.publish("1", "one");
    repository.publish("2", "two");
    try (var iris = scripted().policy(VersionPolicy.exactly("1")).start()) {
      awaitState(iris, "2", State.AVAILABLE);
      iris.reject("2", "bad");
      assertRejected(iris, "2");
      assertThat(iris.predictor().predict("a")).isEqualTo("one:a");
      assertThat(loader.loaded).containsExactly("one");
      iris.clear("2");
      assertThat(state(iris, "2")).isEqualTo(State.AVAILABLE);
    }
  }

  @Test
  void reject_fetching_leavesNothing() throws Exception {
    repository.publish("1", "one");
    try (var iris = scripted().start()) {
      repository.fetchGate = new CountDownLatch(1);
      repository.publish("2", "two");
      awaitState(iris, "2", State.FETCHING);
      iris.reject("2", "bad");
      assertRejected(iris, "2");
      assertThat(loader.loaded).containsExactly("one");
      repository.fetchGate = new CountDownLatch(0);
      repository.publish("3", "three");
      awaitEvent("live 3 after 1");
    }
    assertNothingLeft();
  }

  @Test
  void reject_loading_closesWhatWasLoaded() throws Exception {
    repository.publish("1", "one");
    try (var iris = scripted().start()) {
      repository.publish("2", "slow");
      awaitState(iris, "2", State.LOADING);
      await(() -> loader.loaded.contains("slow"), () -> loader.loaded);
      iris.reject("2", "bad");
      assertRejected(iris, "2");
      loader.go.countDown();
      await(() -> loader.closed.contains("slow"), () -> loader.closed);
      assertThat(iris.predictor().predict("a")).isEqualTo("one:a");
      assertThat(loader.open()).containsExactly("one");
    }
    assertNothingLeft();
  }

  @Test
  void reject_gating_endsTheGateAndTheCandidate() throws Exception {
    repository.publish("1", "one");
    CountDownLatch never = new CountDownLatch(1);
    CountDownLatch entered = new CountDownLatch(1);
    CountDownLatch interrupted = new CountDownLatch(1);
    Gate<String, String> gate =
        candidate -> {
          if (candidate.info().version().equals("2")) {
            entered.countDown();
            try {
              never.await();
            } catch (InterruptedException e) {
              interrupted.countDown();
              throw e;
            }
          }
          return "";
        };
    try (var iris = scripted().gate(gate).start()) {
      repository.publish("2", "two");
      awaitState(iris, "2", State.GATING);
      assertThat(entered.await(20, TimeUnit.SECONDS)).isTrue();
      iris.reject("2", "bad");
      assertThat(interrupted.await(20, TimeUnit.SECONDS)).isTrue();
      assertRejected(iris, "2");
      await(() -> loader.open().equals(List.of("one")), loader::open);
      repository.publish("3", "three");
      awaitEvent("live 3 after 1");
    }
    assertNothingLeft();
  }

  @Test
  void reject_retained_isClosedAndNotGoneBackTo() throws Exception {
    repository.publish("1", "one");
    try (var iris = scripted().start()) {
      awaitEvent("live 1");
      repository.publish("2", "two");
      awaitEvent("live 2 after 1");
      iris.reject("1", "bad");
      assertRejected(iris, "1");
      awaitEvent("retired 1");
      assertThatThrownBy(() -> iris.rollback("none")).isInstanceOf(IllegalStateException.class);
      assertThat(iris.predictor().predict("a")).isEqualTo("two:a");
    }
    assertNothingLeft();
  }

  @Test
  void reject_live_isARollback() throws Exception {
    repository.publish("1", "one");
    try (var iris = scripted().start()) {
      awaitEvent("live 1");
      repository.publish("2", "two");
      awaitEvent("live 2 after 1");
      iris.reject("2", "bad");
      assertThat(iris.predictor().predict("a")).isEqualTo("one:a");
      awaitEvent("live 1 after 2");
      assertRejected(iris, "2");
    }
    assertNothingLeft();
  }

  @Test
  void reject_sameBytesAsTheLiveVersion_isARollback() throws Exception {
    repository.publish("1", "one");
    try (var iris = scripted().start()) {
      awaitEvent("live 1");
      repository.publish("2", "two");
      awaitEvent("live 2 after 1");
      repository.publish("3", "two");
      awaitState(iris, "3", State.AVAILABLE);
      iris.reject("3", "bad");
      assertThat(iris.predictor().predict("a")).isEqualTo("one:a");
      assertThat(state(iris, "2")).isEqualTo(State.REJECTED);
      assertRejected(iris, "3");
    }
    assertNothingLeft();
  }

  @Test
  void reject_nothingServesYet_theNextBestDoes() throws Exception {
    repository.publish("1", "one");
    repository.publish("2", "slow");
    try (var iris = scripted().pollEvery(Duration.ofDays(365_000)).startAsync()) {
      awaitState(iris, "2", State.LOADING);
      iris.reject("2", "bad");
      loader.go.countDown();
      awaitEvent("live 1");
    }
    assertNothingLeft();
  }

  @Test
  void reject_contentNotKnownYet_throwsAndSaysWhy() throws Exception {
    repository.publish("1", "one");
    repository.put("2", "", Versions.State.PENDING);
    try (var iris = scripted().start()) {
      awaitState(iris, "2", State.PENDING);
      assertThatThrownBy(() -> iris.reject("2", "bad"))
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("iris: expected a version that is whole, got v2 (PENDING)");
      assertThatThrownBy(() -> iris.reject("7", "bad"))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("v7");
      assertThatThrownBy(() -> iris.clear("7")).isInstanceOf(IllegalArgumentException.class);
    }
  }
}
