package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.ModelLoadException;
import dev.inflight.ModelUnavailableException;
import dev.inflight.repository.Manifest;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Following a repository while a version serves. */
class DeploymentTest extends DeploymentFixture {
  @Test
  void poll_newVersion_replacesAndRetiresTheOld() throws Exception {
    publish("1", "one");
    try (var iris = iris().keep(0).start()) {
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
    try (var iris = iris().keep(0).start()) {
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
