package dev.inflight.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.Codec;
import dev.inflight.deploy.Deployment;
import dev.inflight.onnx.OnnxLoader;
import dev.inflight.repository.DirectoryRepository;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The first sample of the README, on a real model. */
class ReadmeTest {
  record Flower(float sepalLength, float sepalWidth, float petalLength, float petalWidth) {}

  record Species(String label, float probability) {}

  @Test
  void sample_onTheIrisModel_answers(@TempDir Path models) throws Exception {
    Path root = Path.of(System.getProperty("inflight.root"));
    Path version = Files.createDirectories(models.resolve("iris/1"));
    Files.copy(root.resolve("testmodels/onnx/logistic/model.onnx"), version.resolve("model.onnx"));

    try (var iris =
        Deployment.of(
                "iris",
                DirectoryRepository.at(models),
                OnnxLoader.of(Codec.records(Flower.class, Species.class)))
            .start()) {
      Species species = iris.predictor().predict(new Flower(5.1f, 3.5f, 1.4f, 0.2f));

      assertThat(species.label()).isEqualTo("setosa");
      assertThat(species.probability()).isBetween(0.9f, 1f);
    }
  }

  @Test
  void readme_showsTheSampleThatIsCompiledHere() throws Exception {
    String readme = Files.readString(Path.of(System.getProperty("inflight.root"), "README.md"));

    assertThat(readme)
        .contains(
            "record Flower(float sepalLength, float sepalWidth, float petalLength, float petalWidth) {}",
            "OnnxLoader.of(Codec.records(Flower.class, Species.class))).start()) {",
            "Species species = iris.predictor().predict(new Flower(5.1f, 3.5f, 1.4f, 0.2f));");
  }
}
