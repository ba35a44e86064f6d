package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.CallOptions;
import dev.inflight.InferenceException;
import dev.inflight.Lanes;
import dev.inflight.ModelInfo;
import dev.inflight.ModelUnavailableException;
import dev.inflight.deploy.DeploymentStatus.State;
import dev.inflight.repository.Versions;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Random operations against what always has to hold. */
@Timeout(120)
class DeploymentRandomTest {
  private static final Set<State> RESIDENT = Set.of(State.LIVE, State.RETAINED);

  @TempDir Path staging;
  private final Lanes lanes = Lanes.of(2);
  private final FakeLoader loader = new FakeLoader();
  private final FakeRepository repository = new FakeRepository();
  private final List<String> told = Collections.synchronizedList(new ArrayList<>());
  private int next = 1;

  @AfterEach
  void closeLanes() {
    lanes.close();
  }

  private Deployment.Builder<String, String> iris() {
    Gate<String, String> gate =
        candidate -> {
          if (candidate.predictor().predict("a").startsWith("gated")) {
            throw new IllegalStateException("not this one");
          }
          return "";
        };
    return Deployment.of("iris", repository, loader)
        .lanes(lanes)
        .staging(staging)
        .pollEvery(Duration.ofMillis(2))
        .gate(gate)
        .listen(
            new DeploymentListener() {
              @Override
              public void onLive(ModelInfo model, Optional<ModelInfo> before) {
                told.add("live " + model.version());
              }

              @Override
              public void onFailed(String version, String reason) {
                told.add("failed " + version);
              }

              @Override
              public void onRetired(ModelInfo model) {
                told.add("retired " + model.version());
              }
            });
  }

  /** Good, broken, refused by the gate, or the bytes of an older one. */
  private void publish(Random random) {
    String version = "" + next++;
    String content =
        switch (random.nextInt(8)) {
          case 0 -> "broken";
          case 1 -> "refused";
          case 2 -> "gated" + version;
          case 3, 4 -> "good" + (1 + random.nextInt(next));
          default -> "good" + version;
        };
    repository.publish(version, content);
  }

  private void step(Deployment<String, String> iris, Random random) {
    String version = "" + (1 + random.nextInt(next));
    try {
      switch (random.nextInt(10)) {
        case 0, 1, 2 -> publish(random);
        case 3 -> iris.rollback("random");
        case 4 -> iris.reject(version, "random");
        case 5, 6 -> iris.clear(version);
        case 7 -> repository.aliases.put("stable", version);
        case 8 -> repository.awaitPoll();
        default -> repository.unreachable = random.nextInt(4) == 0;
      }
    } catch (IllegalArgumentException | IllegalStateException e) {
      // As documented: there is no such version, or nothing to go back to.
      assertThat(e.getMessage()).matches("(?s)(iris: )?expected .*");
    }
  }

  private static boolean isQuiet(DeploymentStatus status) {
    return status.versions().stream()
        .noneMatch(v -> Set.of(State.FETCHING, State.LOADING, State.GATING).contains(v.state()));
  }

  /**
   * Until two polls have changed nothing: between a failure and the next poll it only looks quiet.
   */
  private DeploymentStatus quiet(Deployment<String, String> iris) {
    repository.unreachable = false;
    DeploymentStatus before;
    DeploymentStatus now = iris.status();
    do {
      before = now;
      repository.awaitPoll();
      now = DeploymentFixture.await(iris, DeploymentRandomTest::isQuiet);
    } while (!isQuiet(before) || !before.versions().equals(now.versions()));
    return now;
  }

  private void assertInvariants(
      Deployment<String, String> iris, VersionPolicy policy, int keep, int wanted, String seed)
      throws InterruptedException {
    DeploymentStatus status = quiet(iris);
    String as = seed + ": " + status.versions();
    List<DeploymentStatus.Version> live =
        status.versions().stream().filter(v -> v.state() == State.LIVE).toList();
    boolean everLive = told.stream().anyMatch(event -> event.startsWith("live "));
    assertThat(live).as(as).hasSize(status.live().isPresent() ? 1 : 0);
    assertThat(status.live().isPresent() || !everLive).as(as).isTrue();
    List<DeploymentStatus.Version> resident =
        status.versions().stream().filter(v -> RESIDENT.contains(v.state())).toList();
    assertThat(resident.size()).as(as).isLessThanOrEqualTo(keep + 1 + wanted);
    List<String> contents =
        resident.stream().map(DeploymentStatus.Version::identity).sorted().toList();
    DeploymentFixture.await(
        () -> loader.open().stream().sorted().toList().equals(contents), () -> loader.open() + as);
    assertTold(status, as);
    Set<String> barred = new HashSet<>();
    status.versions().stream()
        .filter(v -> v.state() == State.FAILED || v.state() == State.REJECTED)
        .forEach(v -> barred.add(v.identity()));
    for (DeploymentStatus.Version version : status.versions()) {
      boolean isBarred = version.state() == State.FAILED || version.state() == State.REJECTED;
      assertThat(isBarred).as(as + version).isEqualTo(barred.contains(version.identity()));
    }
    live.forEach(
        v -> assertThat(iris.predictor().predict("a")).as(as).isEqualTo(v.identity() + ":a"));
    var eligible =
        new Versions(
            repository.entries.values().stream()
                .filter(entry -> !barred.contains(entry.identity()))
                .toList(),
            repository.aliases);
    policy.wanted(eligible).stream()
        .limit(1)
        .forEach(entry -> assertThat(live.get(0).identity()).as(as).isEqualTo(entry.identity()));
  }

  @RepeatedTest(20)
  void deployment_randomOperations_keepsItsInvariants() throws Exception {
    long seed = System.nanoTime();
    System.out.println("deployment seed " + seed);
    Random random = new Random(seed);
    int keep = random.nextInt(3);
    int kind = random.nextInt(3);
    VersionPolicy policy =
        kind == 0
            ? VersionPolicy.latest()
            : kind == 1 ? VersionPolicy.latest(2) : VersionPolicy.alias("stable");
    try (var iris = iris().keep(keep).policy(policy).startAsync()) {
      for (int round = 0; round < 12; round++) {
        int steps = random.nextInt(8);
        for (int i = 0; i < steps; i++) {
          step(iris, random);
        }
        assertInvariants(iris, policy, keep, kind == 1 ? 1 : 0, "seed " + seed);
      }
    }
    assertNothingLeft();
  }

  private void assertNothingLeft() throws Exception {
    DeploymentFixture.await(
        () -> loader.open().isEmpty() && DeploymentFixture.isEmpty(staging), loader::open);
  }

  /** What was told last is what serves. */
  private void assertTold(DeploymentStatus status, String as) {
    status
        .live()
        .ifPresent(
            live ->
                DeploymentFixture.await(
                    () ->
                        List.copyOf(told).stream()
                            .filter(e -> e.startsWith("live "))
                            .reduce((x, y) -> y)
                            .equals(Optional.of("live " + live.version())),
                    () -> as + status + told));
    for (DeploymentStatus.Version version : status.versions()) {
      boolean ended = version.state() == State.REJECTED || version.state() == State.FAILED;
      if (ended && !version.reason().startsWith("as v")) {
        DeploymentFixture.await(() -> told.contains("failed " + version.version()), () -> as);
      }
      if (version.state() == State.RETIRED) {
        // Told after the close, which is on another thread.
        DeploymentFixture.await(() -> told.contains("retired " + version.version()), () -> as);
      }
    }
  }

  @Test
  void deployment_manyThreads_neitherDeadlocksNorLeaks() throws Exception {
    long seed = System.nanoTime();
    System.out.println("deployment threads seed " + seed);
    repository.publish("1", "good1");
    next = 2;
    var pool = Executors.newFixedThreadPool(32);
    try (var iris = iris().keep(2).start()) {
      List<Future<?>> all =
          Stream.iterate(0, i -> i + 1)
              .limit(32)
              .<Future<?>>map(i -> pool.submit(() -> operate(iris, new Random(seed + i))))
              .toList();
      for (Future<?> one : all) {
        one.get(60, TimeUnit.SECONDS);
      }
      DeploymentStatus status = quiet(iris);
      assertThat(status.live()).isPresent();
      assertInvariants(iris, VersionPolicy.latest(), 2, 0, "seed " + seed);
    } finally {
      pool.shutdownNow();
    }
    assertNothingLeft();
  }

  private void operate(Deployment<String, String> iris, Random random) {
    for (int i = 0; i < 1_024; i++) {
      String version = "" + (1 + random.nextInt(24));
      try {
        switch (random.nextInt(64)) {
          case 0 -> iris.rollback("random");
          case 1, 2 -> iris.reject(version, "random");
          case 3, 4 -> iris.clear(version);
          case 5 -> repository.publish(version, "good" + version);
          case 6, 7, 8 -> assertThat(iris.status().live()).isPresent();
          case 9 -> {
            String asked = version;
            iris.predictor().predict("a", CallOptions.defaults().withVersion(asked));
          }
          default -> assertThat(iris.predictor().predict("a")).startsWith("good").endsWith(":a");
        }
      } catch (IllegalArgumentException | IllegalStateException e) {
        assertThat(e.getMessage()).matches("(?s)(iris: )?expected .*");
      } catch (InferenceException e) {
        assertThat(e).isInstanceOf(ModelUnavailableException.class);
        assertThat(((ModelUnavailableException) e).reason())
            .isEqualTo(ModelUnavailableException.Reason.NOT_RESIDENT);
      }
    }
  }
}
