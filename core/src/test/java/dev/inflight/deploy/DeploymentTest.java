package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.Lanes;
import dev.inflight.ModelInfo;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelUnavailableException;
import dev.inflight.repository.DirectoryRepository;
import dev.inflight.repository.Manifest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** From files in a directory to a version that serves. */
@Timeout(60)
class DeploymentTest {
  private static final Duration POLL = Duration.ofMillis(5);

  @TempDir Path root;
  @TempDir Path staging;
  private final FakeLoader loader = new FakeLoader();
  private final Lanes lanes = Lanes.of(1);
  private final BlockingQueue<String> events = new LinkedBlockingQueue<>();

  @AfterEach
  void closeLanes() {
    lanes.close();
  }

  private Deployment.Builder<String, String> iris() {
    return Deployment.of("iris", DirectoryRepository.at(root), loader)
        .lanes(lanes)
        .staging(staging)
        .pollEvery(POLL)
        .listen(
            new DeploymentListener() {
              @Override
              public void onLive(ModelInfo model, Optional<ModelInfo> before) {
                events.add(
                    "live "
                        + model.version()
                        + before.map(b -> " after " + b.version()).orElse(""));
              }

              @Override
              public void onFailed(String version, String reason) {
                events.add("failed " + version + " " + reason);
              }

              @Override
              public void onRetired(ModelInfo model) {
                events.add("retired " + model.version());
              }
            });
  }

  /** Copies a version aside and moves it in at once, as a careful publisher does. */
  private void publish(String version, String content) throws IOException {
    Path draft = Files.createDirectories(root.resolve("iris/draft-" + version));
    Files.writeString(draft.resolve("model.txt"), content);
    Manifest.write(draft);
    Files.move(Manifest.beside(draft), root.resolve("iris/" + version + ".sha256"));
    Files.move(draft, root.resolve("iris/" + version));
  }

  private void awaitEvent(String start) throws InterruptedException {
    String event;
    do {
      event = events.poll(20, TimeUnit.SECONDS);
      assertThat(event).as("waiting for " + start).isNotNull();
    } while (!event.startsWith(start));
  }

  private static DeploymentStatus await(
      Deployment<?, ?> deployment, Predicate<DeploymentStatus> condition) {
    DeploymentStatus status = deployment.status();
    while (!condition.test(status)) {
      Thread.onSpinWait();
      status = deployment.status();
    }
    return status;
  }

  private static DeploymentStatus awaitState(
      Deployment<?, ?> deployment, String version, DeploymentStatus.State state) {
    return await(
        deployment,
        status ->
            status.versions().stream()
                .anyMatch(v -> v.version().equals(version) && v.state() == state));
  }

  private void assertNothingLeft() throws IOException {
    assertThat(loader.open()).isEmpty();
    try (var files = Files.list(staging)) {
      assertThat(files).isEmpty();
    }
  }

  @Test
  void start_latest_servesTheNewest() throws IOException {
    publish("9", "nine");
    publish("10", "ten");
    try (var iris = iris().start()) {
      assertThat(iris.predictor().predict("a")).isEqualTo("ten:a");
      assertThat(iris.ready()).isCompletedWithValueMatching(info -> info.version().equals("10"));
      DeploymentStatus status = await(iris, s -> s.versions().size() == 2);
      assertThat(status.versions())
          .extracting(DeploymentStatus.Version::state)
          .containsExactly(DeploymentStatus.State.AVAILABLE, DeploymentStatus.State.LIVE);
      assertThat(status.problem()).isEmpty();
    }
    assertNothingLeft();
  }

  @Test
  void start_exactly_servesThatOne() throws IOException {
    publish("1", "one");
    publish("2", "two");
    try (var iris = iris().policy(VersionPolicy.exactly("1")).start()) {
      assertThat(iris.predictor().predict("a")).isEqualTo("one:a");
    }
    assertNothingLeft();
  }

  @Test
  void poll_newVersion_replacesAndRetiresTheOld() throws Exception {
    publish("1", "one");
    try (var iris = iris().start()) {
      publish("2", "two");
      awaitEvent("live 2 after 1");
      assertThat(iris.predictor().predict("a")).isEqualTo("two:a");
      awaitEvent("retired 1");
      assertThat(loader.open()).containsExactly("two");
      try (var files = Files.list(staging)) {
        assertThat(files).hasSize(1);
      }
    }
    assertNothingLeft();
    assertThatThrownBy(() -> iris().policy(VersionPolicy.exactly("7")).start(Duration.ofMillis(50)))
        .isInstanceOf(ModelLoadException.class);
  }

  @Test
  void start_withoutManifest_waitsUntilStable() throws Exception {
    Path version = Files.createDirectories(root.resolve("iris/1"));
    Files.writeString(version.resolve("model.txt"), "one");
    try (var iris = iris().start()) {
      assertThat(iris.predictor().predict("a")).isEqualTo("one:a");
    }
    assertNothingLeft();
  }

  @Test
  void poll_halfCopiedVersion_neverLoads() throws Exception {
    publish("1", "one");
    Path two = Files.createDirectories(root.resolve("iris/2"));
    Files.writeString(two.resolve("model.txt"), "tw");
    Files.writeString(
        root.resolve("iris/2.sha256"),
        "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3  model.txt\n");
    try (var iris = iris().start()) {
      awaitState(iris, "2", DeploymentStatus.State.FAILED);
      assertThat(iris.predictor().predict("a")).isEqualTo("one:a");
      Files.writeString(two.resolve("model.txt"), "two");
      awaitEvent("live 2");
      assertThat(iris.predictor().predict("a")).isEqualTo("two:a");
      assertThat(loader.loaded).containsExactly("one", "two");
    }
    assertNothingLeft();
  }

  @Test
  void poll_corruptedVersion_isRefusedAndTheOldServes() throws Exception {
    publish("1", "one");
    try (var iris = iris().start()) {
      publish("2.draft", "two");
      Files.writeString(root.resolve("iris/2.draft/model.txt"), "TWO");
      Files.move(root.resolve("iris/2.draft.sha256"), root.resolve("iris/2.sha256"));
      Files.move(root.resolve("iris/2.draft"), root.resolve("iris/2"));
      awaitEvent("failed 2 file 'model.txt': expected sha256 ");
      DeploymentStatus status = awaitState(iris, "2", DeploymentStatus.State.FAILED);
      assertThat(status.versions().get(1).reason()).contains(", got ");
      assertThat(iris.predictor().predict("a")).isEqualTo("one:a");
      assertThat(loader.loaded).containsExactly("one");
    }
    assertNothingLeft();
  }

  @Test
  void poll_changedBytes_areRefusedAndTheLoadedServe() throws Exception {
    publish("1", "one");
    try (var iris = iris().start()) {
      Files.writeString(root.resolve("iris/1/model.txt"), "changed");
      Manifest.write(root.resolve("iris/1"));
      publish("2", "two");
      awaitEvent("live 2");
      DeploymentStatus status = awaitState(iris, "1", DeploymentStatus.State.FAILED);
      assertThat(status.versions().get(0).reason()).contains("its bytes changed");
      assertThat(loader.loaded).containsExactly("one", "two");
    }
    assertNothingLeft();
  }

  @Test
  void poll_loaderFails_isTriedOnceAndTheOldServes() throws Exception {
    publish("1", "one");
    try (var iris = iris().start()) {
      publish("2", "broken");
      awaitEvent("failed 2 iris v2: java.io.IOException: cannot parse");
      DeploymentStatus status = awaitState(iris, "2", DeploymentStatus.State.FAILED);
      assertThat(status.live().orElseThrow().version()).isEqualTo("1");
      assertThat(iris.predictor().predict("a")).isEqualTo("one:a");
      publish("3", "three");
      awaitEvent("live 3");
      assertThat(loader.loaded).containsExactly("one", "broken", "three");
    }
    assertNothingLeft();
  }

  @Test
  void start_newestFails_servesTheNewestThatWorks() throws Exception {
    publish("1", "one");
    publish("2", "link");
    try (var iris = iris().start()) {
      assertThat(iris.predictor().predict("a")).isEqualTo("one:a");
      awaitEvent("failed 2 iris v2: java.lang.UnsatisfiedLinkError");
    }
    assertNothingLeft();
  }

  @Test
  void start_onlyVersionFails_throwsItsFailure() throws Exception {
    publish("1", "refused");
    assertThatThrownBy(() -> iris().start())
        .isInstanceOfSatisfying(
            ModelLoadException.class,
            e -> assertThat(e.stage()).isEqualTo(ModelLoadException.Stage.BIND))
        .hasMessage("no such input");
    assertNothingLeft();
  }

  @Test
  void start_onlyVersionIsCorrupt_throwsVerify() throws Exception {
    publish("1", "one");
    Files.writeString(root.resolve("iris/1/model.txt"), "two");
    assertThatThrownBy(() -> iris().start())
        .isInstanceOfSatisfying(
            ModelLoadException.class,
            e -> assertThat(e.stage()).isEqualTo(ModelLoadException.Stage.VERIFY))
        .hasMessageContaining("model.txt");
    assertNothingLeft();
  }

  @Test
  void start_nothingThere_throwsFetch() throws Exception {
    assertThatThrownBy(() -> iris().start())
        .isInstanceOfSatisfying(
            ModelLoadException.class,
            e -> assertThat(e.stage()).isEqualTo(ModelLoadException.Stage.FETCH))
        .hasMessageContaining("none at all");
    assertNothingLeft();
  }

  @Test
  void start_neverWhole_throwsWhenTheTimeIsUp() throws Exception {
    Files.createDirectories(root.resolve("iris/1"));
    assertThatThrownBy(() -> iris().start(Duration.ofMillis(100)))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContaining("within 100 ms")
        .hasMessageContaining("PENDING");
    assertNothingLeft();
  }

  @Test
  void start_closedWhileLoading_leavesNothing() throws Exception {
    publish("1", "slow");
    assertThatThrownBy(() -> iris().start(Duration.ofMillis(50)))
        .isInstanceOf(ModelLoadException.class);
    assertThat(loader.loaded).containsExactly("slow");
    loader.go.countDown();
    while (!loader.closed.contains("slow") || !isEmpty(staging)) {
      Thread.onSpinWait();
    }
    assertNothingLeft();
  }

  private static boolean isEmpty(Path directory) throws IOException {
    try (var files = Files.list(directory)) {
      return files.findAny().isEmpty();
    }
  }

  @Test
  void startAsync_emptyRepository_servesWhenOneComes() throws Exception {
    try (var iris = iris().startAsync()) {
      assertThatThrownBy(() -> iris.predictor().predict("a"))
          .isInstanceOfSatisfying(
              ModelUnavailableException.class,
              e -> assertThat(e.reason()).isEqualTo(ModelUnavailableException.Reason.NOT_READY));
      publish("1", "one");
      awaitEvent("live 1");
      assertThat(iris.predictor().predict("a")).isEqualTo("one:a");
    }
    assertNothingLeft();
  }

  @Test
  void close_twice_isTheSameAsOnce() throws Exception {
    publish("1", "one");
    var iris = iris().start();
    iris.close();
    iris.close();
    assertThatThrownBy(() -> iris.predictor().predict("a"))
        .isInstanceOfSatisfying(
            ModelUnavailableException.class,
            e -> assertThat(e.reason()).isEqualTo(ModelUnavailableException.Reason.CLOSED));
    assertThat(loader.closed).isEqualTo(List.of("one"));
    assertNothingLeft();
  }
}
