package dev.inflight.tribuo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelInfo;
import dev.inflight.ModelLoadException;
import dev.inflight.tensor.DataType;
import dev.inflight.tensor.Shape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.tribuo.classification.Label;

class MetadataTest {
  @TempDir Path temp;

  static List<String> all() {
    return StoredModels.all();
  }

  @ParameterizedTest
  @MethodSource("all")
  void metadata_ofAnyModel_saysVersionTimeAndTrainer(String name) throws Exception {
    ModelArtifact artifact = StoredModels.artifact(name);
    TribuoLoader<?, ?> loader = StoredModels.loader(name).allow(Set.of(StoredModels.LIB_LINEAR));
    try (Model<?, ?> model = loader.load(artifact)) {
      ModelInfo info = model.info();
      assertThat(info.metadata())
          .containsEntry("tribuo-version", "4.3.2")
          .containsKeys("class-name", "trained-at", "trainer.class-name", "dataset.num-examples");
      assertThat(OffsetDateTime.parse(info.metadata().get("trained-at")))
          .isBetween("2025-01-01T00:00:00Z", "2099-01-01T00:00:00Z");
      assertThat(info.runtime()).isEqualTo("tribuo 4.3.2");
      assertThat(info.label()).isEqualTo(name + " v1");
      assertThat(info.digest()).isEqualTo(artifact.digest());
    }
  }

  @Test
  void trainer_ofForest_isFlattenedWithItsParts() {
    Map<String, String> metadata = codecModel("iris-forest").info().metadata();
    assertThat(metadata)
        .containsEntry("trainer.class-name", "org.tribuo.common.tree.RandomForestTrainer")
        .containsEntry("trainer.numMembers", "11")
        .containsEntry(
            "trainer.innerTrainer.class-name",
            "org.tribuo.classification.dtree.CARTClassificationTrainer")
        .containsEntry("trainer.innerTrainer.maxDepth", "3");
  }

  @Test
  void signature_ofCodecModel_declaresSortedFeaturesAndLabels() {
    ModelInfo info = codecModel("iris-logistic").info();
    assertThat(info.signature().inputs()).hasSize(1);
    var features = info.signature().inputs().get(0);
    assertThat(features.columns())
        .containsExactly("petal length", "petal width", "sepal length", "sepal width");
    assertThat(features.type()).isEqualTo(DataType.FLOAT64);
    assertThat(features.rowShape()).isEqualTo(Shape.of(4));
    assertThat(info.signature().outputs())
        .extracting("name")
        .containsExactly("label", "probabilities");
    assertThat(info.signature().outputs().get(1).columns())
        .containsExactly("virginica", "setosa", "versicolor");
  }

  @Test
  void codec_thatDoesNotFit_isRefusedAsBind() {
    assertThatThrownBy(
            () ->
                TribuoLoader.of(new ArrayCodec(List.of("petal length")))
                    .load(StoredModels.artifact("iris-logistic")))
        .isInstanceOfSatisfying(
            ModelLoadException.class,
            e -> {
              assertThat(e.stage()).isEqualTo(ModelLoadException.Stage.BIND);
              assertThat(e)
                  .hasMessageContaining("iris-logistic v1")
                  .hasMessageContaining("petal width");
            });
  }

  @Test
  void close_ofCodecModel_closesItsCodec() {
    ArrayCodec codec = new ArrayCodec(StoredModels.rows("iris-knn").names());
    var model = TribuoLoader.of(codec).load(StoredModels.artifact("iris-knn"));
    assertThat(codec.open).hasValue(1);
    model.close();
    assertThat(codec.open).hasValue(0);
  }

  @Test
  void file_changedAfterPublication_isRefusedAsVerify() throws Exception {
    ModelArtifact artifact = StoredModels.artifact(temp, StoredModels.bytes("iris-logistic"));
    Files.write(temp.resolve("edited.tribuo"), StoredModels.bytes("iris-kmeans"));
    assertThatThrownBy(() -> TribuoLoader.examples(Label.class).load(artifact))
        .isInstanceOfSatisfying(
            ModelLoadException.class,
            e -> assertThat(e.stage()).isEqualTo(ModelLoadException.Stage.VERIFY));
  }

  private static Model<double[], Map<String, Object>> codecModel(String name) {
    return TribuoLoader.of(new ArrayCodec(StoredModels.rows(name).names()))
        .load(StoredModels.artifact(name));
  }
}
