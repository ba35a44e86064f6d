package dev.inflight.mlflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import dev.inflight.Codec;
import dev.inflight.Lanes;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelSlot;
import dev.inflight.deploy.Deployment;
import dev.inflight.deploy.Tolerance;
import dev.inflight.onnx.OnnxLoader;
import dev.inflight.onnx.OnnxOptions;
import dev.inflight.repository.Versions;
import dev.inflight.tensor.Tensors;
import dev.inflight.tribuo.TribuoLoader;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What {@code models.py} logged to a real MLflow server is found, fetched and served; from that
 * server, or from what was recorded of it.
 */
abstract class RealModels {
  /** What the script made: versions, runs and answers. */
  abstract JsonNode made() throws Exception;

  abstract MlflowRepository repository() throws Exception;

  @TempDir Path target;

  record Flower(double sepalLength, double sepalWidth, double petalLength, double petalWidth) {}

  record Species(String label) {}

  static MlflowLoader<Tensors, Tensors> onnx() {
    return MlflowLoader.of(OnnxFlavor.loader(OnnxLoader.tensors(), OnnxOptions.defaults()));
  }

  private static Versions.Entry entry(MlflowRepository repository, String model, String version)
      throws IOException {
    return repository.versions(model).entries().stream()
        .filter(entry -> entry.version().equals(version))
        .findFirst()
        .orElseThrow();
  }

  private ModelArtifact fetch(String model, String version) throws Exception {
    MlflowRepository repository = repository();
    return repository.fetch(model, entry(repository, model, version), target);
  }

  private ModelArtifact follow(String address) throws Exception {
    MlflowRepository repository = repository().following(address);
    return repository.fetch("followed", repository.versions("").entries().get(0), target);
  }

  /** Its own example gets the answers that were recorded with it. */
  static void assertAnswers(ModelArtifact artifact) throws Exception {
    try (Model<Tensors, Tensors> model = onnx().load(artifact);
        Lanes lanes = Lanes.of(1);
        ModelSlot<Tensors, Tensors> slot = ModelSlot.of(onnx().load(artifact), lanes)) {
      MlflowModel about = MlflowModel.of(artifact);
      Tensors input = about.inputExample(model.info().signature()).orElseThrow();
      Tensors expected = about.outputExample(model.info().signature()).orElseThrow();
      assertThat(Tolerance.close(1e-5, 1e-4).compare(expected, slot.predictor().predict(input)))
          .isEmpty();
    }
  }

  @Test
  void version_ofTwo_isFetchedAndAnswersItsExample() throws Exception {
    ModelArtifact artifact = fetch("iris model", made().at("/iris1/version").asText());
    assertThat(artifact.files().keySet())
        .contains("MLmodel", "model.onnx", "input_example.json", "output_example.json");
    MlflowModel model = MlflowModel.of(artifact);
    assertThat(model.flavors()).contains("onnx", "python_function");
    assertThat(model.signature().tensors()).hasSize(1);
    assertAnswers(artifact);
  }

  @Test
  void aliases_asVersionsSay_nameTheFirst() throws Exception {
    assertThat(repository().versions("iris model").aliases())
        .containsEntry("champion", made().at("/iris1/version").asText());
  }

  /** One kind of model behind each kind of address. */
  @ParameterizedTest
  @CsvSource({
    "models:/%s/<version>, iris model, iris1, iris",
    "models:/%s/<version>, wide, wide, wide",
    "models:/%s/<version>, tribuo, tribuo, model",
    "models:/%s@champion, iris model, iris1, iris",
    "models:/%s@champion, wide, wide, wide",
    "models:/%s@champion, tribuo, tribuo, model",
    "models:/<model>, iris model, iris1, iris",
    "models:/<model>, wide, wide, wide",
    "models:/<model>, tribuo, tribuo, model",
    "runs:/<run>/<path>, iris model, iris1, iris",
    "runs:/<run>/<path>, wide, wide, wide",
    "runs:/<run>/<path>, tribuo, tribuo, model"
  })
  void address_ofEachKind_leadsToItsModel(String form, String name, String key, String path)
      throws Exception {
    JsonNode about = made().get(key);
    if (form.contains("<model>") && made().get("mlflow").asText().startsWith("2.")) {
      assertThat(about.get("model").isNull()).as("2.x has no logged models").isTrue();
      return;
    }
    ModelArtifact artifact =
        follow(
            String.format(form, name)
                .replace("<version>", about.get("version").asText())
                .replace("<model>", about.get("model").asText())
                .replace("<run>", about.get("run").asText())
                .replace("<path>", path));
    if (key.equals("tribuo")) {
      assertSetosa(artifact);
    } else {
      assertThat(artifact.files().keySet().stream().anyMatch(file -> file.endsWith(".data")))
          .as("weights in a file of their own")
          .isEqualTo(key.equals("wide"));
      assertAnswers(artifact);
    }
  }

  @Test
  void latest_ofTwo_isTheSecond() throws Exception {
    MlflowRepository repository = repository().following("models:/iris model/latest");
    assertThat(repository.versions("").entries())
        .extracting(Versions.Entry::version)
        .containsExactly(made().at("/iris2/version").asText());
  }

  @Test
  void pickle_isRefusedWithWhatToDo() throws Exception {
    assertThatThrownBy(() -> fetch("pickled", made().at("/pickled/version").asText()))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContaining("[python_function, sklearn]")
        .hasMessageContaining("mlflow.onnx.log_model");
  }

  /** As our own writer wrote it. */
  private static void assertSetosa(ModelArtifact artifact) throws Exception {
    assertThat(artifact.format()).isEqualTo("tribuo");
    assertThat(MlflowModel.of(artifact).metadata()).containsEntry("owner", "interop");
    MlflowLoader<Flower, Species> loader =
        MlflowLoader.of(TribuoLoader.of(Codec.records(Flower.class, Species.class)));
    try (Lanes lanes = Lanes.of(1);
        ModelSlot<Flower, Species> slot = ModelSlot.of(loader.load(artifact), lanes)) {
      assertThat(slot.predictor().predict(new Flower(5.1, 3.5, 1.4, 0.2)).label())
          .isEqualTo("setosa");
    }
  }

  @Test
  void deployment_withTheExampleAsGate_serves() throws Exception {
    try (var iris =
        Deployment.of("iris model", repository().following("models:/iris model/1"), onnx())
            .gate(MlflowGates.example(Tolerance.close(1e-5, 1e-4)))
            .staging(target)
            .start(Duration.ofSeconds(60))) {
      assertThat(iris.status().versions().get(0).gates().get(0).detail())
          .contains("runs", "1 rows");
    }
  }
}
