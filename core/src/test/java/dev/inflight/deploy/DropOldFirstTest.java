package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.inflight.CallOptions;
import dev.inflight.ModelInfo;
import dev.inflight.ModelUnavailableException;
import dev.inflight.ModelUnavailableException.Reason;
import dev.inflight.deploy.DeploymentStatus.State;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** No room for two versions. A model of {@link FakeLoader} needs 1.2 times its text. */
class DropOldFirstTest extends DeploymentFixture {
  private static final String ONE = "1111111111"; // 12 bytes of memory
  private static final String TWO = "2222222222";

  private final MemoryBudget budget = MemoryBudget.of(15);

  @AfterEach
  void letGo() {
    loader.go.countDown();
  }

  private Deployment.Builder<String, String> dropping() {
    return scripted().memory(budget).dropOldFirst();
  }

  private static ModelUnavailableException unavailable(Deployment<String, String> iris) {
    return catchThrowableOfType(
        ModelUnavailableException.class, () -> iris.predictor().predict("a"));
  }

  @Test
  void poll_noRoomForBoth_callsFailUntilTheNewOneServes() throws Exception {
    repository.publish("1", ONE);
    try (var iris = dropping().start()) {
      repository.publish("2", "slow");
      DeploymentStatus status = awaitState(iris, "1", State.UNLOADED);
      assertThat(status.live()).isEmpty();
      assertThat(status.version("1").orElseThrow().reason()).isEqualTo("it makes room for v2");
      ModelUnavailableException e = unavailable(iris);
      assertThat(e.reason()).isEqualTo(Reason.SWAPPING);
      assertThat(e.retryable()).isTrue();
      assertThat(e).hasMessageContaining("iris v1").hasMessageContaining("v2");
      assertThatThrownBy(() -> iris.predictor().submit("a"))
          .isInstanceOf(ModelUnavailableException.class);
      assertThatThrownBy(() -> iris.predictor().predictAll(List.of("a")))
          .isInstanceOf(ModelUnavailableException.class);
      CompletableFuture<ModelInfo> ready = iris.ready();
      CompletableFuture<String> waiting =
          CompletableFuture.supplyAsync(
              () -> iris.predictor().predict("b", CallOptions.timeout(Duration.ofSeconds(20))));
      await(() -> loader.loaded.contains("slow"), () -> loader.loaded);
      assertThat(loader.closed).as("before the next one is loaded").containsExactly(ONE);
      assertThat(ready).isNotDone();
      loader.go.countDown();
      assertThat(ready.get(20, TimeUnit.SECONDS).version()).isEqualTo("2");
      assertThat(waiting.get(20, TimeUnit.SECONDS)).isEqualTo("slow:b");
      assertThat(iris.predictor().predict("a")).isEqualTo("slow:a");
      assertThat(iris.status().version("1").orElseThrow().state()).isEqualTo(State.RETIRED);
      awaitEvent("live 1");
      awaitEvent("live 2");
      assertThatThrownBy(() -> iris.rollback("why")).isInstanceOf(IllegalStateException.class);
    }
    assertThat(budget.usage().holders()).isEmpty();
    assertNothingLeft();
  }

  @Test
  void poll_newOneCannotBeLoaded_oldOneComesBackFromItsFiles() throws Exception {
    repository.publish("1", ONE);
    try (var iris = dropping().start()) {
      repository.publish("2", "broken");
      repository.entries.remove("1"); // nor could it be fetched again
      awaitEvent("failed 2 iris v2: ");
      await(iris, status -> status.live().isPresent());
      assertThat(iris.predictor().predict("a")).isEqualTo(ONE + ":a");
      assertThat(loader.loaded).containsExactly(ONE, "broken", ONE);
      assertThat(repository.fetches).hasValue(2);
      DeploymentStatus status = iris.status();
      assertThat(status.version("2").orElseThrow().state()).isEqualTo(State.FAILED);
      repository.awaitPoll();
      assertThat(loader.loaded).as("one outage for a version").hasSize(3);
    }
    assertThat(budget.usage().holders()).isEmpty();
    assertNothingLeft();
  }

  @Test
  void poll_newOneFailsItsGate_oldOneComesBackAndIsGatedToo() throws Exception {
    AtomicInteger gated = new AtomicInteger();
    Gate<String, String> gate =
        candidate -> {
          gated.incrementAndGet();
          if (candidate.predictor().predict("a").startsWith(TWO)) {
            throw new IllegalStateException("not this one");
          }
          return "";
        };
    repository.publish("1", ONE);
    try (var iris = dropping().gate(gate).start()) {
      repository.publish("2", TWO);
      awaitEvent("failed 2 iris v2: ");
      await(iris, status -> status.live().isPresent());
      assertThat(iris.predictor().predict("a")).isEqualTo(ONE + ":a");
      assertThat(gated).hasValue(3);
      repository.publish("3", "3333333333");
      awaitState(iris, "3", State.LIVE);
      assertThat(iris.predictor().predict("a")).isEqualTo("3333333333:a");
    }
    assertNothingLeft();
  }

  @Test
  void poll_newOneHangsInItsLoad_oldOneComesBack() throws Exception {
    repository.publish("1", ONE);
    try (var iris = dropping().loadWithin(Duration.ofMillis(300)).start()) {
      repository.publish("2", "slow");
      awaitState(iris, "2", State.FAILED);
      await(iris, status -> status.live().isPresent());
      assertThat(iris.predictor().predict("a")).isEqualTo(ONE + ":a");
      loader.go.countDown();
      await(() -> loader.closed.contains("slow"), () -> loader.closed);
      assertThat(iris.predictor().predict("a")).isEqualTo(ONE + ":a");
    }
    assertNothingLeft();
  }

  @Test
  void reject_newOneOnItsWay_oldOneComesBack() throws Exception {
    repository.publish("1", ONE);
    try (var iris = dropping().start()) {
      repository.publish("2", "slow");
      awaitState(iris, "1", State.UNLOADED);
      await(() -> loader.loaded.contains("slow"), () -> loader.loaded);
      iris.reject("2", "not this one");
      loader.go.countDown();
      awaitState(iris, "1", State.LIVE);
      assertThat(iris.predictor().predict("a")).isEqualTo(ONE + ":a");
      assertThat(state(iris, "2")).isEqualTo(State.REJECTED);
    }
    assertNothingLeft();
  }

  @Test
  void poll_tooLargeEvenThen_touchesNothing() throws Exception {
    repository.publish("1", ONE);
    try (var iris = dropping().start()) {
      repository.publish("2", TWO + TWO);
      awaitEvent("failed 2 iris v2: memory");
      assertThat(state(iris, "1")).isEqualTo(State.LIVE);
      assertThat(loader.loaded).containsExactly(ONE);
      assertThat(iris.predictor().predict("a")).isEqualTo(ONE + ":a");
    }
    assertNothingLeft();
  }

  @Test
  void poll_roomForBoth_keepsTheOldOne() throws Exception {
    repository.publish("1", ONE);
    try (var iris = scripted().memory(MemoryBudget.of(24)).dropOldFirst().start()) {
      repository.publish("2", TWO);
      awaitState(iris, "2", State.LIVE);
      assertThat(state(iris, "1")).isEqualTo(State.RETAINED);
      assertThat(loader.closed).isEmpty();
    }
    assertNothingLeft();
  }

  @Test
  void poll_byDefault_neverUnloadsWhatServes() throws Exception {
    repository.publish("1", ONE);
    try (var iris = scripted().memory(budget).start()) {
      repository.publish("2", TWO);
      awaitState(iris, "2", State.FAILED);
      assertThat(loader.closed).isEmpty();
      assertThat(happened()).noneMatch(event -> event.startsWith("retired"));
      assertThat(iris.predictor().predict("a")).isEqualTo(ONE + ":a");
    }
  }

  @Test
  void close_whileUnloaded_leavesNothingAndEndsWhoWaits() throws Exception {
    repository.publish("1", ONE);
    CompletableFuture<ModelInfo> ready;
    var iris = dropping().start();
    repository.publish("2", "slow");
    awaitState(iris, "1", State.UNLOADED);
    await(() -> loader.loaded.contains("slow"), () -> loader.loaded);
    ready = iris.ready();
    iris.close();
    assertThat(unavailable(iris).reason()).isEqualTo(Reason.CLOSED);
    await(ready::isCompletedExceptionally, () -> ready);
    loader.go.countDown();
    assertNothingLeft();
    await(() -> budget.usage().holders().isEmpty(), budget::usage);
  }

  @Test
  void start_withACanary_isRefused() {
    assertThatThrownBy(
            () -> dropping().rollout(Rollout.canary(CanaryOptions.defaults())).startAsync())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("canary");
  }

  @Test
  void swap_underCalls_eachEndsOnceAsSaid() throws Exception {
    repository.publish("1", ONE);
    AtomicBoolean stop = new AtomicBoolean();
    AtomicInteger answered = new AtomicInteger();
    AtomicInteger refused = new AtomicInteger();
    try (var iris = dropping().start()) {
      List<CompletableFuture<Void>> callers =
          List.of(
              CompletableFuture.runAsync(() -> call(iris, stop, answered, refused, false)),
              CompletableFuture.runAsync(() -> call(iris, stop, answered, refused, true)));
      for (int version = 2; version < 40; version++) {
        String name = "" + version;
        if (version % 3 == 0) {
          repository.publish(name, "refused");
          awaitState(iris, name, State.FAILED);
          repository.entries.remove(name); // its bytes are barred
        } else {
          repository.publish(name, "good-" + (100 + version));
          awaitState(iris, name, State.LIVE);
        }
      }
      stop.set(true);
      for (var caller : callers) {
        caller.get(20, TimeUnit.SECONDS);
      }
      assertThat(answered.get()).isPositive();
    }
    assertThat(refused.get()).isPositive();
    assertNothingLeft();
  }

  /** Calls with a timeout wait and are answered; those without may be refused, for this reason. */
  private static void call(
      Deployment<String, String> iris,
      AtomicBoolean stop,
      AtomicInteger answered,
      AtomicInteger refused,
      boolean waits) {
    CallOptions options =
        waits ? CallOptions.timeout(Duration.ofSeconds(20)) : CallOptions.defaults();
    while (!stop.get()) {
      try {
        assertThat(iris.predictor().predict("a", options)).endsWith(":a");
        answered.incrementAndGet();
      } catch (ModelUnavailableException e) {
        assertThat(waits).as("%s", e).isFalse();
        assertThat(e.reason()).isEqualTo(Reason.SWAPPING);
        refused.incrementAndGet();
      }
    }
  }
}
