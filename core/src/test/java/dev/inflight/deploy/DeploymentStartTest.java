package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.ModelLoadException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;

/** From files in a directory to the first version that serves. */
class DeploymentStartTest extends DeploymentFixture {
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
  void start_withoutManifest_waitsUntilStable() throws Exception {
    Path version = Files.createDirectories(root.resolve("iris/1"));
    Files.writeString(version.resolve("model.txt"), "one");
    try (var iris = iris().start()) {
      assertThat(iris.predictor().predict("a")).isEqualTo("one:a");
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
    assertNothingLeft();
    assertThat(loader.closed).containsExactly("slow");
  }
}
