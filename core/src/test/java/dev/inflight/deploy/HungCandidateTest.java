package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.Lanes;
import dev.inflight.deploy.DeploymentStatus.State;
import dev.inflight.repository.DirectoryRepository;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** P8: a version whose first run never ends takes no lane from what serves, be there but one. */
@Timeout(60)
class HungCandidateTest {
  private static final List<Long> ROWS = List.of(1L, 2L, 3L);

  @TempDir Path root;
  @TempDir Path staging;
  private final ScriptedLoader loader = new ScriptedLoader();

  @AfterEach
  void letGo() {
    loader.go.countDown();
  }

  static Stream<Gate<Long, Object>> gates() {
    return Stream.of(
        Gate.warmUp(ROWS),
        Gate.batchInvariance(ROWS, Tolerance.exact()),
        Gate.latency(ROWS, Duration.ofSeconds(1)),
        Gate.golden(List.of(new Gate.Golden<>(1L, 1.0)), Tolerance.exact()));
  }

  @ParameterizedTest
  @MethodSource("gates")
  void gate_candidateHangs_theOnlyLaneGoesOnServing(Gate<Long, Object> gate) throws Exception {
    CanaryFixture.publish(root, "1", "seed=1");
    try (Lanes lanes = Lanes.of(1);
        var model =
            Deployment.of("model", DirectoryRepository.at(root), loader)
                .staging(staging)
                .lanes(lanes)
                .pollEvery(Duration.ofMillis(5))
                .gate(gate.within(Duration.ofMillis(200)))
                .start()) {
      CanaryFixture.publish(root, "2", "seed=2 hang=1");
      DeploymentFixture.awaitState(model, "2", State.FAILED);
      for (long row = 0; row < 100; row++) {
        assertThat(model.predictor().predict(row)).isEqualTo((double) row);
      }
      CanaryFixture.publish(root, "3", "seed=3");
      DeploymentFixture.awaitState(model, "3", State.LIVE);
      assertThat(model.predictor().predict(7L)).isEqualTo(7.0);
      letGo();
    }
    assertThat(loader.open).isEmpty();
  }
}
