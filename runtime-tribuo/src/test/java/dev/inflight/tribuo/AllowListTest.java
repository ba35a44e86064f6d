package dev.inflight.tribuo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.Any;
import com.google.protobuf.ByteString;
import com.oracle.labs.mlrg.olcut.config.protobuf.protos.RootProvenanceProto;
import dev.inflight.ModelLoadException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.tribuo.Example;
import org.tribuo.Prediction;
import org.tribuo.classification.Label;
import org.tribuo.common.nearest.protos.KNNModelProto;
import org.tribuo.protos.core.ModelDataProto;
import org.tribuo.protos.core.ModelProto;
import org.tribuo.protos.core.TransformedModelProto;

/**
 * Tribuo hands names from the file to {@code Class.forName}; only allowed ones may get that far.
 */
class AllowListTest {
  private static final AtomicBoolean INITIALISED = new AtomicBoolean();
  private static final AtomicBoolean CONTROL = new AtomicBoolean();
  private static final String MARKER = AllowListTest.class.getName() + "$Marker";
  private static final String CONTROL_MARKER = AllowListTest.class.getName() + "$ControlMarker";

  /** Named by files that must be refused. */
  static final class Marker {
    static {
      INITIALISED.set(true);
    }

    private Marker() {}
  }

  /** Named by a file that is let through, to show that the other tests would notice. */
  static final class ControlMarker {
    static {
      CONTROL.set(true);
    }

    private ControlMarker() {}
  }

  @TempDir Path temp;

  private static final TribuoLoader<Example<Label>, Prediction<Label>> LOADER =
      TribuoLoader.examples(Label.class);

  /** Where a class name stands in a transformed linear model, and how to put another one there. */
  static Stream<Arguments> places() {
    return Stream.of(
        place("model", (model, name) -> model.toBuilder().setClassName(name).build()),
        place(
            "model in a model",
            (model, name) ->
                transformed(
                    model, t -> t.setModel(t.getModel().toBuilder().setClassName(name).build()))),
        place(
            "feature domain",
            (model, name) ->
                metadata(
                    model,
                    m ->
                        m.setFeatureDomain(
                            m.getFeatureDomain().toBuilder().setClassName(name).build()))),
        place(
            "output domain",
            (model, name) ->
                metadata(
                    model,
                    m ->
                        m.setOutputDomain(
                            m.getOutputDomain().toBuilder().setClassName(name).build()))),
        place(
            "object provenance",
            (model, name) ->
                provenance(model, p -> p.getOmpBuilder(0).setProvenanceClassName(name))),
        place(
            "primitive provenance",
            (model, name) ->
                provenance(model, p -> p.getSmpBuilder(0).setProvenanceClassName(name))),
        place(
            "enum of a provenance",
            (model, name) ->
                provenance(
                    model,
                    p ->
                        p.getSmpBuilder(0)
                            .setProvenanceClassName(
                                "com.oracle.labs.mlrg.olcut.provenance.primitives.EnumProvenance")
                            .setAdditional(name))),
        place(
            "provenance of the transformers",
            (model, name) ->
                transformed(
                    model,
                    t ->
                        t.getTransformerMapBuilder()
                            .getDatasetProvenanceBuilder()
                            .getOmpBuilder(0)
                            .setProvenanceClassName(name))));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("places")
  void hostileName_planted_isRefusedUninitialised(
      String place, BiFunction<ModelProto, String, ModelProto> plant) throws Exception {
    ModelProto edited = plant.apply(proto("cancer-linear"), MARKER);
    assertThatThrownBy(() -> load(edited.toByteArray()))
        .isInstanceOfSatisfying(
            ModelLoadException.class,
            e -> {
              assertThat(e.stage()).isEqualTo(ModelLoadException.Stage.LOAD);
              assertThat(e).hasMessageContaining("[" + MARKER + "]").hasNoCause();
            });
    assertThat(INITIALISED).isFalse();
  }

  /** The places above are live: let through, each name is looked up. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("places")
  void absentName_allowedByUser_isLookedUp(
      String place, BiFunction<ModelProto, String, ModelProto> plant) throws Exception {
    String absent = "no.such.Name";
    ModelProto edited = plant.apply(proto("cancer-linear"), absent);
    var artifact = StoredModels.artifact(temp, edited.toByteArray());
    assertThatThrownBy(() -> LOADER.allow(Set.of(absent)).load(artifact))
        .isInstanceOf(ModelLoadException.class)
        .hasStackTraceContaining(absent);
  }

  @Test
  void markerName_allowedByUser_isInitialised() throws Exception {
    ModelProto edited = proto("cancer-linear").toBuilder().setClassName(CONTROL_MARKER).build();
    var artifact = StoredModels.artifact(temp, edited.toByteArray());
    assertThat(CONTROL).isFalse();
    assertThatThrownBy(() -> LOADER.allow(Set.of(CONTROL_MARKER)).load(artifact))
        .isInstanceOf(ModelLoadException.class);
    assertThat(CONTROL).isTrue();
  }

  @Test
  void severalNames_planted_areAllNamed() throws Exception {
    ModelProto edited =
        metadata(
            proto("cancer-linear"),
            m -> {
              m.getFeatureDomainBuilder().setClassName("java.lang.Runtime");
              m.getOutputDomainBuilder().setClassName("javax.script.ScriptEngineManager");
            });
    assertThatThrownBy(() -> load(edited.toByteArray()))
        .hasMessageContaining("[java.lang.Runtime, javax.script.ScriptEngineManager]");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "type.googleapis.com/some.Other",
        "type.googleapis.com/google.protobuf.Any",
        "tribuo.core.TransformedModelProto2",
        ""
      })
  void typeUrl_ofNoTribuoMessage_isRefused(String url) throws Exception {
    ModelProto model = proto("cancer-linear");
    ModelProto edited =
        model.toBuilder()
            .setSerializedData(model.getSerializedData().toBuilder().setTypeUrl(url))
            .build();
    assertThatThrownBy(() -> load(edited.toByteArray()))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContaining("unknown message type '" + url + "'");
  }

  @ParameterizedTest
  @ValueSource(ints = {33, 400})
  void models_nestedTooDeep_areRefused(int depth) throws Exception {
    ModelProto model = proto("iris-logistic");
    TransformedModelProto shell =
        proto("cancer-linear").getSerializedData().unpack(TransformedModelProto.class);
    for (int i = 0; i < depth; i++) {
      model =
          proto("cancer-linear").toBuilder()
              .setSerializedData(
                  Any.pack(shell.toBuilder().clearTransformerMap().setModel(model).build()))
              .build();
    }
    ModelProto nested = model;
    assertThatThrownBy(() -> load(nested.toByteArray()))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContaining("nested more than");
  }

  /** Tribuo would start a pool of threads for every row and never end it. */
  @Test
  void knnModel_withSeveralThreads_isRefused() throws Exception {
    ModelProto model = proto("iris-knn");
    KNNModelProto knn = model.getSerializedData().unpack(KNNModelProto.class);
    ModelProto edited =
        model.toBuilder()
            .setSerializedData(Any.pack(knn.toBuilder().setNumThreads(2).build()))
            .build();
    assertThatThrownBy(() -> load(edited.toByteArray()))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContaining("expected numThreads 1, got 2");
  }

  @Test
  void files_thatAreNoModel_areRefused() throws Exception {
    for (byte[] bytes :
        List.of(
            new byte[0],
            new byte[1000],
            "PK not a model".getBytes(StandardCharsets.UTF_8),
            ByteString.copyFrom(StoredModels.bytes("iris-logistic"))
                .substring(0, 3000)
                .toByteArray())) {
      assertThatThrownBy(() -> load(bytes))
          .isInstanceOfSatisfying(
              ModelLoadException.class,
              e -> assertThat(e.stage()).isEqualTo(ModelLoadException.Stage.LOAD));
    }
  }

  // ---- editing

  private static Arguments place(String name, BiFunction<ModelProto, String, ModelProto> plant) {
    return Arguments.of(name, plant);
  }

  private static ModelProto transformed(
      ModelProto model, Consumer<TransformedModelProto.Builder> edit) {
    try {
      TransformedModelProto.Builder inner =
          model.getSerializedData().unpack(TransformedModelProto.class).toBuilder();
      edit.accept(inner);
      return model.toBuilder().setSerializedData(Any.pack(inner.build())).build();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static ModelProto metadata(ModelProto model, Consumer<ModelDataProto.Builder> edit) {
    return transformed(model, t -> edit.accept(t.getMetadataBuilder()));
  }

  private static ModelProto provenance(
      ModelProto model, Consumer<RootProvenanceProto.Builder> edit) {
    return metadata(model, m -> edit.accept(m.getProvenanceBuilder()));
  }

  private static ModelProto proto(String name) throws IOException {
    return ModelProto.parseFrom(StoredModels.bytes(name));
  }

  private void load(byte[] bytes) throws IOException {
    LOADER.load(StoredModels.artifact(temp, bytes)).close();
  }
}
