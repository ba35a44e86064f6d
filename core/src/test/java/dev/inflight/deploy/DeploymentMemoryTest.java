package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.ModelLoadException;
import dev.inflight.deploy.DeploymentStatus.State;
import org.junit.jupiter.api.Test;

/** Deployments that share memory. A model of {@link FakeLoader} needs 1.2 times its text. */
class DeploymentMemoryTest extends DeploymentFixture {
  private static final String TEN = "0123456789"; // 12 bytes of memory

  @Test
  void start_noRoom_isRefusedWithFigures() throws Exception {
    publish("1", TEN);
    assertThatThrownBy(() -> iris().memory(MemoryBudget.of(11)).start())
        .isInstanceOfSatisfying(
            ModelLoadException.class,
            e -> assertThat(e.stage()).isEqualTo(ModelLoadException.Stage.MEMORY))
        .hasMessageContaining("12")
        .hasMessageContaining("11");
    assertThat(loader.loaded).isEmpty();
    assertNothingLeft();
  }

  @Test
  void poll_noRoomForTheNext_keptVersionGoesFirst() throws Exception {
    MemoryBudget budget = MemoryBudget.of(30);
    publish("1", TEN);
    try (var iris = iris().memory(budget).start()) {
      publish("2", "abcdefghij");
      awaitEvent("live 2");
      assertThat(awaitState(iris, "1", State.RETAINED).versions()).hasSize(2);
      publish("3", "ABCDEFGHIJ");
      awaitEvent("live 3");
      assertThat(iris.predictor().predict("a")).isEqualTo("ABCDEFGHIJ:a");
      assertThat(budget.usage().used()).isLessThanOrEqualTo(30);
      assertThat(iris.status().version("1").orElseThrow().state()).isEqualTo(State.RETIRED);
    }
    assertThat(budget.usage().holders()).isEmpty();
    assertNothingLeft();
  }

  @Test
  void poll_noRoomAtAll_whatServesGoesOnAndTheReasonIsThere() throws Exception {
    MemoryBudget budget = MemoryBudget.of(20);
    publish("1", TEN);
    try (var iris = iris().memory(budget).start()) {
      publish("2", "abcdefghij");
      awaitEvent("failed 2 iris v2: ");
      assertThat(iris.predictor().predict("a")).isEqualTo(TEN + ":a");
      DeploymentStatus status = awaitState(iris, "2", State.FAILED); // it was tried again before
      assertThat(status.version("2").orElseThrow().reason()).contains("12").contains("20");
      assertThat(loader.loaded).containsExactly(TEN);
    }
    assertThat(budget.usage().holders()).isEmpty();
    assertNothingLeft();
  }
}
