package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.Lanes;
import dev.inflight.ModelInfo;
import dev.inflight.ModelSlot;
import dev.inflight.deploy.DeploymentStatus.State;
import dev.inflight.tensor.Signature;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What users wrote fails, or blocks: the rest goes on. */
class DeploymentFaultsTest extends DeploymentFixture {
  @Test
  void fetch_repositoryThrowsWhatItShouldNot_isTriedAgain() throws Exception {
    repository.throwingFetches.set(2);
    repository.publish("1", "one");
    try (var iris = scripted().start()) {
      assertThat(iris.predictor().predict("a")).isEqualTo("one:a");
      assertThat(iris.status().version("1").orElseThrow().attempts()).isEqualTo(3);
    }
    assertNothingLeft();
  }

  @Test
  void fetch_repositoryGoesOnThrowing_failsByItsName() throws Exception {
    repository.publish("1", "one");
    try (var iris = scripted().start()) {
      repository.throwingFetches.set(Integer.MAX_VALUE);
      repository.publish("2", "two");
      DeploymentStatus.Version two = awaitState(iris, "2", State.FAILED).version("2").orElseThrow();
      assertThat(two.attempts()).isEqualTo(5);
      assertThat(two.reason())
          .contains(
              "repository dev.inflight.deploy.FakeRepository threw"
                  + " java.lang.IllegalStateException: token expired");
      assertThat(iris.predictor().predict("a")).isEqualTo("one:a");
    }
    assertNothingLeft();
  }

  @Test
  void listener_blocks_delaysItsOwnDeploymentOnly() throws Exception {
    CountDownLatch blocked = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    FakeRepository other = new FakeRepository();
    other.publish("1", "other");
    AtomicInteger seen = new AtomicInteger();
    DeploymentListener blocks =
        new DeploymentListener() {
          @Override
          public void onLive(ModelInfo model, Optional<ModelInfo> before) {
            blocked.countDown();
            DeploymentFixture.await(() -> go.getCount() == 0, () -> "go");
            seen.incrementAndGet();
          }
        };
    repository.publish("1", "one");
    try (var stuck = iris(other).listen(blocks).start();
        var iris = scripted().start()) {
      assertThat(blocked.await(20, TimeUnit.SECONDS)).isTrue();
      happened();
      repository.publish("2", "two");
      awaitEvent("live 2 after 1");
      assertThat(seen).as("still blocked").hasValue(0);
      other.publish("2", "another");
      await(stuck, s -> s.live().orElseThrow().version().equals("2"));
      go.countDown();
      await(() -> seen.get() == 2, seen::get);
      assertThat(iris.status().live().orElseThrow().version()).isEqualTo("2");
    }
    assertNothingLeft();
  }

  @Test
  void listener_throwsAnything_isToldTheNext() throws Exception {
    AtomicInteger seen = new AtomicInteger();
    DeploymentListener throwing =
        new DeploymentListener() {
          @Override
          public void onLive(ModelInfo model, Optional<ModelInfo> before) {
            seen.incrementAndGet();
            throw new StackOverflowError("of a listener");
          }
        };
    repository.publish("1", "one");
    try (var iris = scripted().listen(throwing).start()) {
      repository.publish("2", "two");
      awaitEvent("live 2 after 1");
      await(() -> seen.get() == 2, seen::get);
      assertThat(iris.predictor().predict("a")).isEqualTo("two:a");
    }
  }

  @Test
  void close_statusAndEvents_sayThatNothingServes() throws Exception {
    repository.publish("1", "one");
    var iris = scripted().start();
    repository.publish("2", "two");
    awaitEvent("live 2 after 1");
    iris.close();
    DeploymentStatus status = iris.status();
    assertThat(status.live()).isEmpty();
    assertThat(status.versions())
        .extracting(DeploymentStatus.Version::state)
        .containsExactly(State.RETIRED, State.RETIRED);
    assertThat(status.versions()).allMatch(v -> v.reason().equals("closed"));
    awaitEvent("retired ");
    awaitEvent("retired ");
    iris.close();
    assertThat(iris.status()).isEqualTo(status);
    assertNothingLeft();
  }

  @Test
  void close_whileOneLoads_leavesItAvailable() throws Exception {
    repository.publish("1", "one");
    var iris = scripted().start();
    repository.fetchGate = new CountDownLatch(1);
    repository.publish("2", "two");
    awaitState(iris, "2", State.FETCHING);
    iris.close();
    assertThat(iris.status().version("2").orElseThrow().state()).isEqualTo(State.AVAILABLE);
    repository.fetchGate.countDown();
    assertNothingLeft();
  }

  @Test
  void judge_throws_isAskedAgainAndToldOnce() throws Exception {
    AtomicInteger asked = new AtomicInteger();
    CanaryOptions options = CanaryOptions.defaults();
    Rollout.Canary canary = Rollout.canary(options);
    PrintStream before = System.err;
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (Lanes lanes = Lanes.of(1);
        ModelSlot<Long, Object> slot = ModelSlot.empty("m", lanes);
        PrintStream captured = new PrintStream(bytes, true, StandardCharsets.UTF_8)) {
      System.setErr(captured);
      ScriptedLoader scripts = new ScriptedLoader();
      SideBySide<Long, Object> comparison =
          new SideBySide<>(
              "m",
              slot.admit(scripts.model(info("1"), "seed=1")),
              slot.admit(scripts.model(info("2"), "seed=2")),
              canary,
              new Trial(Panel.of(options), options, 1, System::nanoTime),
              SideBySide.Mode.CANARY,
              () -> {
                asked.incrementAndGet();
                throw new IllegalStateException("there is no way");
              });
      try (comparison) {
        comparison.start();
        await(() -> asked.get() >= 3, asked::get);
      }
    } finally {
      System.setErr(before);
    }
    assertThat(bytes.toString(StandardCharsets.UTF_8).lines())
        .filteredOn(line -> line.contains("the verdict could not be acted on"))
        .hasSize(1);
  }

  private static ModelInfo info(String version) {
    return new ModelInfo("m", version, "s", new Signature(List.of(), List.of()), version, Map.of());
  }
}
