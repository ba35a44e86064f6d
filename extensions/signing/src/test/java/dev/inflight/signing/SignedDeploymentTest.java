package dev.inflight.signing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.Lane;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelInfo;
import dev.inflight.Outcome;
import dev.inflight.Runner;
import dev.inflight.deploy.Deployment;
import dev.inflight.deploy.DeploymentStatus;
import dev.inflight.repository.DirectoryRepository;
import dev.inflight.repository.Manifest;
import dev.inflight.repository.ModelRepository;
import dev.inflight.repository.Versions;
import dev.inflight.tensor.Signature;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Deployments of signed versions: what serves, what is refused, and what a restart does. */
class SignedDeploymentTest {
  @TempDir Path room;
  private ModelSigner signer;
  private Path state;

  @BeforeEach
  void generate() throws Exception {
    signer = ModelSigner.of(Bench.pair(KeyKind.ED25519).getPrivate());
    state = room.resolve("trust");
  }

  private Path publish(int version, Optional<ModelSigner> by) throws IOException {
    Path directory =
        Files.createDirectories(room.resolve("models/iris").resolve(String.valueOf(version)));
    Files.writeString(directory.resolve("model.text"), "v" + version);
    if (by.isPresent()) {
      by.get().sign(directory);
    }
    Manifest.write(directory);
    return directory;
  }

  private Deployment.Builder<String, String> deployment(ModelRepository source) {
    Trust trust =
        Trust.required(TrustedSigners.ofKeys(List.of(signer.publicKey()))).withState(state);
    return Deployment.of(
        "iris", SignedRepository.of(source, trust), artifact -> new Text(artifact));
  }

  /** Answers with the text of its file. */
  private record Text(ModelInfo info, String text) implements Model<String, String> {
    Text(ModelArtifact artifact) {
      this(
          new ModelInfo(
              artifact.name(),
              artifact.version(),
              "text",
              new Signature(List.of(), List.of()),
              artifact.digest(),
              Map.of()),
          StandardCharsets.UTF_8.decode(artifact.read("model." + artifact.format())).toString());
    }

    @Override
    public Runner<String, String> newRunner(Lane lane) {
      return new Runner<>() {
        @Override
        public List<Outcome<String>> run(List<? extends String> rows) {
          return rows.stream().map(row -> Outcome.of(text)).toList();
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public void close() {}
  }

  @Test
  void newestThatIsTrusted_serves() throws Exception {
    publish(1, Optional.of(signer));
    publish(2, Optional.of(signer));
    publish(3, Optional.empty());
    Path tampered = publish(4, Optional.of(signer));
    Files.writeString(tampered.resolve("model.text"), "evil");
    Manifest.write(tampered); // whoever can write to the source writes its manifest too
    try (var iris = deployment(DirectoryRepository.at(room.resolve("models"))).start()) {
      assertThat(iris.predictor().predict("")).isEqualTo("v2");
      assertThat(iris.status().versions())
          .filteredOn(version -> version.state() == DeploymentStatus.State.FAILED)
          .extracting(DeploymentStatus.Version::version)
          .containsExactlyInAnyOrder("3", "4");
      assertThat(iris.status().versions())
          .extracting(DeploymentStatus.Version::reason)
          .anyMatch(reason -> reason.contains("model.text"))
          .anyMatch(reason -> reason.contains("expected a signature"));
    }
  }

  /** A source that can be away. */
  private final class Line implements ModelRepository {
    private final ModelRepository source = DirectoryRepository.at(room.resolve("models"));
    private boolean away;

    @Override
    public Versions versions(String model) throws IOException {
      if (away) {
        throw new IOException("nobody is there");
      }
      return source.versions(model);
    }

    @Override
    public ModelArtifact fetch(String model, Versions.Entry version, Path target)
        throws IOException {
      return source.fetch(model, version, target);
    }
  }

  @Test
  void restart_servesTheKeptCopyWhileTheSourceIsAway() throws Exception {
    publish(1, Optional.of(signer));
    Line line = new Line();
    for (boolean away : new boolean[] {false, true, false}) {
      line.away = away;
      try (var iris = deployment(line).home(room.resolve("home")).start()) {
        assertThat(iris.predictor().predict("")).as("away: " + away).isEqualTo("v1");
      }
    }
  }

  /** The source takes the newest away, and says that the old one is all there is. */
  @Test
  void restart_withTheNewestWithheld_doesNotServeTheOldOne() throws Exception {
    publish(1, Optional.of(signer));
    Path newest = publish(2, Optional.of(signer));
    try (var iris = deployment(new Line()).start()) {
      assertThat(iris.predictor().predict("")).isEqualTo("v2");
    }
    Files.move(newest, room.resolve("withheld"));
    Files.delete(Manifest.beside(newest));
    org.assertj.core.api.Assertions.assertThatThrownBy(() -> deployment(new Line()).start().close())
        .hasMessageContaining("v2 or newer");
  }
}
