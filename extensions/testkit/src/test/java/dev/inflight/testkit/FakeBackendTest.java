package dev.inflight.testkit;

import dev.inflight.InvalidInputException;
import dev.inflight.Lane;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelInfo;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelLoader;
import dev.inflight.Outcome;
import dev.inflight.Runner;
import dev.inflight.tensor.Signature;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;

/**
 * A third backend, to show that the contract asks for nothing that only ours have: multiplies by a
 * number in a file.
 */
class FakeBackendTest extends BackendContract<Double, Double> {
  @TempDir Path directory;

  @BeforeEach
  void writeModel() throws IOException {
    Files.writeString(directory.resolve("model.factor"), "factor 2.5");
  }

  @Override
  protected ModelLoader<Double, Double> loader() {
    return FakeBackendTest::load;
  }

  private static Model<Double, Double> load(ModelArtifact artifact) {
    ByteBuffer bytes = artifact.read(artifact.modelFile("factor"));
    String text = StandardCharsets.UTF_8.decode(bytes).toString();
    if (!text.startsWith("factor ")) {
      throw new ModelLoadException(
          ModelLoadException.Stage.LOAD, artifact.label() + ": expected 'factor <number>'");
    }
    double factor = Double.parseDouble(text.substring(7));
    ModelInfo info =
        new ModelInfo(
            artifact.name(),
            artifact.version(),
            "fake",
            new Signature(List.of(), List.of()),
            artifact.digest(),
            Map.of());
    return new Factor(info, factor);
  }

  private record Factor(ModelInfo info, double factor) implements Model<Double, Double> {
    @Override
    public Runner<Double, Double> newRunner(Lane lane) {
      return new Runner<>() {
        @Override
        public List<Outcome<Double>> run(List<? extends Double> rows) {
          return rows.stream().map(row -> Outcome.of(row * factor)).toList();
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public void validate(Double row) {
      if (row < 0) {
        throw new InvalidInputException(
            info.label() + ": expected a positive number, got a negative one");
      }
    }

    @Override
    public void close() {}
  }

  @Override
  protected Path modelDirectory() {
    return directory;
  }

  @Override
  protected List<Double> rows() {
    return List.of(1.0, 2.0, 3.0, 4.0);
  }

  @Override
  protected Optional<Double> invalidRow() {
    return Optional.of(-1.0);
  }

  @Override
  protected Optional<Double> nanRow() {
    return Optional.of(Double.NaN);
  }
}
