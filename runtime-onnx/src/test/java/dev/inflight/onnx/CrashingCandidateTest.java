package dev.inflight.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.Lanes;
import dev.inflight.ModelArtifact;
import dev.inflight.deploy.Deployment;
import dev.inflight.deploy.DeploymentListener;
import dev.inflight.deploy.DeploymentStatus;
import dev.inflight.deploy.Gate;
import dev.inflight.repository.DirectoryRepository;
import dev.inflight.repository.Manifest;
import dev.inflight.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * F8: a candidate that kills the JVM it is tried in; that JVM is a child of the one that serves.
 */
@Timeout(120)
class CrashingCandidateTest {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir Path root;
  @TempDir Path staging;
  @TempDir Path probed;
  private final Queue<String> failures = new ConcurrentLinkedQueue<>();

  private void publish(String version, String model) throws IOException {
    Path draft = Files.createDirectories(root.resolve("m/draft-" + version));
    Files.copy(CaseFiles.models(model).resolve("model.onnx"), draft.resolve("model.onnx"));
    Manifest.write(draft);
    Files.move(Manifest.beside(draft), root.resolve("m/" + version + ".sha256"));
    Files.move(draft, root.resolve("m/" + version));
  }

  /** Tries the version in a JVM of its own, without our checks, with a row that some die of. */
  private String inAChild(ModelArtifact artifact) throws IOException {
    byte[] bytes = new byte[artifact.read("model.onnx").remaining()];
    artifact.read("model.onnx").get(bytes);
    Path copy = Files.write(probed.resolve("v" + artifact.version() + ".onnx"), bytes);
    ChildJvm.Result child =
        new ChildJvm().run(CrashProbe.class, PATIENCE, copy.toString(), "x", "4", "0", "3");
    if (child.exit() > 1 || child.crashFile()) {
      throw new IllegalStateException("crashed with exit code " + child.exit());
    }
    return "exit code " + child.exit();
  }

  @Test
  void gate_candidateKillsItsJvm_failsWithItsExitCodeAndTheOldServes() throws Exception {
    publish("1", "onnx/mlp");
    Tensors row = ChildMains.row("onnx/mlp");
    Gate<Tensors, Tensors> gate = candidate -> inAChild(candidate.artifact());
    try (Lanes lanes = Lanes.of(1);
        Deployment<Tensors, Tensors> deployment =
            Deployment.of("m", DirectoryRepository.at(root), OnnxLoader.tensors())
                .lanes(lanes)
                .staging(staging)
                .pollEvery(Duration.ofMillis(20))
                .gate(gate.named("child").within(PATIENCE))
                .listen(
                    new DeploymentListener() {
                      @Override
                      public void onFailed(String version, String reason) {
                        failures.add("v" + version + " " + reason);
                      }
                    })
                .start()) {
      Tensors expected = deployment.predictor().predict(row);
      publish("2", "onnx-special/zero-dim-lstm");
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
      int served = 0;
      while (failures.isEmpty() && System.nanoTime() < deadline) {
        assertThat(deployment.predictor().predict(row)).isEqualTo(expected);
        served++;
        LockSupport.parkNanos(1_000_000);
      }
      DeploymentStatus.Version two = deployment.status().version("2").orElseThrow();
      System.out.println(
          "CrashingCandidateTest: " + served + " answers meanwhile; " + two.reason());
      assertThat(two.state()).isEqualTo(DeploymentStatus.State.FAILED);
      assertThat(two.reason()).contains("child: crashed with exit code 1");
      assertThat(failures).singleElement().asString().startsWith("v2 ");
      assertThat(deployment.status().live().orElseThrow().version()).isEqualTo("1");
      assertThat(deployment.predictor().predict(row)).isEqualTo(expected);
    }
    try (var left = Files.list(staging)) {
      assertThat(left).isEmpty();
    }
  }
}
