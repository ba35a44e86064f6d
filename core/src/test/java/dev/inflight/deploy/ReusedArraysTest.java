package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.CallOptions;
import dev.inflight.Lane;
import dev.inflight.Lanes;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelInfo;
import dev.inflight.Outcome;
import dev.inflight.Runner;
import dev.inflight.deploy.CanaryOptions.Margin;
import dev.inflight.deploy.CanaryOptions.Signal;
import dev.inflight.repository.DirectoryRepository;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Callers write to their row and to their answer while both versions are yet to run. */
@Timeout(60)
class ReusedArraysTest {
  @TempDir Path root;

  private static Model<float[], float[]> doubling(ModelArtifact artifact) {
    return new Model<>() {
      @Override
      public ModelInfo info() {
        return FakeLoader.info(artifact, "doubling");
      }

      @Override
      public Runner<float[], float[]> newRunner(Lane lane) {
        return new Runner<>() {
          @Override
          public List<Outcome<float[]>> run(List<? extends float[]> rows) {
            List<Outcome<float[]>> answers = new ArrayList<>();
            for (float[] row : rows) {
              answers.add(Outcome.of(new float[] {2 * row[0]}));
            }
            return answers;
          }

          @Override
          public void close() {}
        };
      }

      @Override
      public void close() {}
    };
  }

  @Test
  void canary_callersReuseArrays_pairsAreOfWhatWasAsked() throws Exception {
    CanaryFixture.publish(root, "1", "seed=1");
    CanaryOptions options =
        CanaryFixture.ERRORS.with(Signal.ERRORS, new Margin(0, .05)).with(Signal.DISAGREEMENT, .05);
    try (Lanes lanes = Lanes.of(2);
        var model =
            Deployment.of("model", DirectoryRepository.at(root), ReusedArraysTest::doubling)
                .lanes(lanes)
                .pollEvery(Duration.ofMillis(5))
                .rollout(Rollout.canary(options))
                .start()) {
      CanaryFixture.publish(root, "2", "seed=2");
      float[] row = new float[1];
      for (int i = 0; i < 5_000_000 && !isLive(model.status(), "2"); i++) {
        for (int j = 0; j < 256; j++) {
          row[0] = i * 1_000 + j;
          float[] answer =
              j % 2 == 0
                  ? model.predictor().call(row, CallOptions.defaults()).value()
                  : model.predictor().submit(row).get(10, TimeUnit.SECONDS).value();
          assertThat(answer).containsExactly(2 * row[0]);
          Arrays.fill(answer, -1);
        }
        assertThat(model.status().version("2").map(DeploymentStatus.Version::state))
            .isNotEqualTo(Optional.of(DeploymentStatus.State.REJECTED));
      }
      CanaryReport report = model.status().canary().orElseThrow();
      assertThat(report.signals()).allMatch(signal -> signal.worse() == 0);
    }
  }

  private static boolean isLive(DeploymentStatus status, String version) {
    return status.live().orElseThrow().version().equals(version);
  }
}
