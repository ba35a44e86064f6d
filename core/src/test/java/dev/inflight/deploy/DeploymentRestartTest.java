package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.ModelArtifact;
import dev.inflight.deploy.DeploymentStatus.State;
import dev.inflight.repository.DirectoryRepository;
import dev.inflight.repository.ModelRepository;
import dev.inflight.repository.Versions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a deployment with a home knows when it starts again. */
class DeploymentRestartTest extends DeploymentFixture {
  @TempDir Path home;

  private final AtomicBoolean unreachable = new AtomicBoolean();

  /** Over the directory, until it is unreachable. */
  private final class Flaky implements ModelRepository {
    private final DirectoryRepository directory = DirectoryRepository.at(root);

    @Override
    public Versions versions(String model) throws IOException {
      requireReachable();
      return directory.versions(model);
    }

    @Override
    public ModelArtifact fetch(String model, Versions.Entry version, Path target)
        throws IOException {
      requireReachable();
      return directory.fetch(model, version, target);
    }

    private void requireReachable() throws IOException {
      if (unreachable.get()) {
        throw new IOException("connection refused");
      }
    }
  }

  private Deployment.Builder<String, String> homely() {
    return iris(new Flaky()).home(home);
  }

  @Test
  void start_repositoryUnreachable_servesWhatServedLast() throws Exception {
    publish("1", "one");
    publish("2", "two");
    homely().start().close();
    unreachable.set(true);
    try (var iris = homely().start()) {
      assertThat(iris.predictor().predict("a")).isEqualTo("two:a");
      assertThat(iris.status().problem())
          .hasValueSatisfying(p -> assertThat(p).contains("refused"));
      assertThat(iris.status().live().orElseThrow().version()).isEqualTo("2");
      publish("3", "three");
      unreachable.set(false);
      awaitEvent("live 3");
      assertThat(await(iris, s -> s.problem().isEmpty()).problem()).isEmpty();
    }
    assertNothingLeft();
  }

  @Test
  void start_withoutHomeAndUnreachable_fails() throws Exception {
    publish("1", "one");
    unreachable.set(true);
    assertThatThrownBy(() -> iris(new Flaky()).start(java.time.Duration.ofMillis(200)))
        .isInstanceOf(dev.inflight.ModelLoadException.class);
    assertNothingLeft();
  }

  @Test
  void rollback_andRestart_isStillRolledBack() throws Exception {
    publish("1", "one");
    try (var iris = homely().start()) {
      publish("2", "two");
      awaitEvent("live 2");
      assertThat(iris.rollback("worse").version()).isEqualTo("1");
    }
    try (var iris = homely().start()) {
      assertThat(iris.predictor().predict("a")).isEqualTo("one:a");
      DeploymentStatus.Version two = iris.status().version("2").orElseThrow();
      assertThat(two.state()).isEqualTo(State.REJECTED);
      assertThat(two.reason()).isEqualTo("worse");
      iris.clear("2");
      awaitEvent("live 2");
    }
    try (var iris = homely().start()) {
      assertThat(iris.predictor().predict("a")).isEqualTo("two:a");
    }
    assertNothingLeft();
  }

  @Test
  void start_homeOfAnother_saysWhoseItIs() throws Exception {
    publish("1", "one");
    try (var iris = homely().start()) {
      assertThat(iris.predictor().predict("a")).isEqualTo("one:a");
      assertThatThrownBy(() -> homely().start())
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("iris");
    }
    homely().start().close();
    assertNothingLeft();
  }
}
