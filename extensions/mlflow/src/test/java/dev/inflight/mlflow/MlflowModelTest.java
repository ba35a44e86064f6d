package dev.inflight.mlflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoadException;
import dev.inflight.fetch.OmsRoot;
import dev.inflight.onnx.OnnxOptions;
import dev.inflight.tensor.DataType;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.Signature;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import dev.inflight.tensor.ValueSpec;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code MLmodel} and the examples say, and what of it is refused. */
class MlflowModelTest {
  private static final ValueSpec MATRIX =
      ValueSpec.tensor("x", DataType.FLOAT32, Shape.of(Shape.OPEN, 2));
  private static final Signature ONE = new Signature(List.of(MATRIX), List.of());

  @TempDir Path directory;

  private ModelArtifact artifact(String text) throws IOException {
    Files.writeString(directory.resolve("MLmodel"), text);
    return ModelArtifact.of("m", "1", directory);
  }

  private static Optional<String> difference(String inputs, Signature model) throws IOException {
    return MlflowSignature.parse(Json.read(inputs, "inputs")).difference(model);
  }

  private static String column(String name, String type) {
    return "{\"type\": \"" + type + "\", \"name\": \"" + name + "\"}";
  }

  @ParameterizedTest
  @CsvSource({
    "double,double,true",
    "float,double,true",
    "long,double,false",
    "integer,long,false",
    "string,double,false",
    "boolean,boolean,false"
  })
  void difference_ofColumnsAndAMatrix_followsTheWidestType(String a, String b, boolean fits)
      throws IOException {
    String inputs = "[" + column("a", a) + "," + column("b", b) + "]";
    assertThat(difference(inputs, ONE).isEmpty()).isEqualTo(fits || a.equals("long"));
  }

  @Test
  void difference_ofTooFewColumns_saysSo() throws IOException {
    assertThat(difference("[" + column("a", "double") + "]", ONE).orElseThrow())
        .startsWith("1 columns are declared");
  }

  @Test
  void difference_ofTensors_comparesNameTypeAndDimensions() throws IOException {
    String form =
        "[{\"name\":\"%s\",\"type\":\"tensor\",\"tensor-spec\":{\"dtype\":\"%s\",\"shape\":%s}}]";
    assertThat(difference(String.format(form, "x", "float32", "[-1,2]"), ONE)).isEmpty();
    assertThat(difference(String.format(form, "x", "float64", "[-1,-1]"), ONE)).isEmpty();
    assertThat(difference(String.format(form, "y", "float32", "[-1,2]"), ONE)).isPresent();
    assertThat(difference(String.format(form, "x", "int64", "[-1,2]"), ONE)).isPresent();
    assertThat(difference(String.format(form, "x", "float32", "[-1,3]"), ONE)).isPresent();
    assertThat(difference(String.format(form, "x", "float32", "[-1]"), ONE)).isPresent();
    assertThat(difference(String.format(form, "", "float32", "[-1,2]"), ONE)).isEmpty();
  }

  @Test
  void difference_ofAColumnForEachInput_asksForEach() throws IOException {
    ValueSpec age = ValueSpec.tensor("age", DataType.INT64, Shape.of(Shape.OPEN, 1));
    ValueSpec job = ValueSpec.tensor("job", DataType.STRING, Shape.of(Shape.OPEN, 1));
    Signature two = new Signature(List.of(age, job), List.of());
    String both = column("age", "integer") + "," + column("job", "string");
    assertThat(difference("[" + both + "]", two)).isEmpty();
    assertThat(difference("[" + column("age", "integer") + "]", two).orElseThrow())
        .contains("the model needs input 'job'");
    assertThat(difference("[" + both + "," + column("more", "long") + "]", two).orElseThrow())
        .contains("'more' is required");
    String optional = "{\"type\": \"long\", \"name\": \"more\", \"required\": false}";
    assertThat(difference("[" + both + "," + optional + "]", two)).isEmpty();
    assertThat(difference("[" + column("age", "double") + "," + both + "]", two)).isPresent();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[[1.0, 2.0], [3, NaN]]",
        "{\"x\": [[1.0, 2.0], [3, NaN]]}",
        "{\"inputs\": {\"x\": [[1, 2], [3, NaN]]}, \"params\": {\"t\": 1}}",
        "{\"columns\": [\"a\", \"b\"], \"data\": [[1.0, 2.0], [3.0, NaN]]}",
        "{\"dataframe_split\": {\"columns\": [\"a\", \"b\"], \"data\": [[1, 2], [3, NaN]]}}"
      })
  void inputExample_inEveryForm_isTheSameRow(String text) throws IOException {
    Tensors row = Example.parse(Json.read(text, "example"), List.of(MATRIX));
    assertThat(row).isEqualTo(Tensors.of("x", Tensor.of(new float[] {1, 2, 3, Float.NaN}, 2, 2)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"[[1, 2], [3]]", "{\"y\": [[1, 2]]}", "[[1, \"a\"]]", "[[1, [2]]]", "[[1, null]]"})
  void inputExample_thatFitsNot_isRefused(String text) {
    assertThatThrownBy(() -> Example.parse(Json.read(text, "example"), List.of(MATRIX)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected");
  }

  @Test
  void sessionOptions_thatAreAllowed_areTaken() throws IOException {
    OnnxOptions options =
        OnnxFlavor.options(
            artifact(
                "flavors:\n  onnx:\n    data: model.onnx\n    onnx_session_options:\n"
                    + "      {graph_optimization_level: 1, intra_op_num_threads: 100000,"
                    + " inter_op_num_threads: 0, execution_mode: sequential,"
                    + " extra_session_config: {session.intra_op.allow_spinning: '1'}}\n"),
            OnnxOptions.defaults());
    assertThat(options.optimization()).isEqualTo(OnnxOptions.Optimization.BASIC);
    assertThat(options.intraOpThreads()).isEqualTo(Runtime.getRuntime().availableProcessors());
    assertThat(options.interOpThreads()).isEqualTo(1);
    assertThat(options.spinning()).isTrue();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{enable_profiling: true}",
        "{intra_op_num_threads: -1}",
        "{execution_mode: wild}",
        "{extra_session_config: {session.load_model_format: ORT}}"
      })
  void sessionOptions_thatAreNot_areRefused(String options) throws IOException {
    ModelArtifact artifact =
        artifact("flavors: {onnx: {data: model.onnx, onnx_session_options: " + options + "}}\n");
    assertThatThrownBy(() -> OnnxFlavor.options(artifact, OnnxOptions.defaults()))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContaining("onnx session option '")
        .hasMessageContaining("expected");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "[1, 2]",
        "a: &a [x]\nb: !!java.net.URL ['http://127.0.0.1/']",
        "a: 1\na: 2",
        "a: [",
        "signature: {inputs: 'no json'}"
      })
  void parse_ofWhatIsNoMlmodel_isRefused(String text) throws IOException {
    ModelArtifact artifact = artifact(text);
    assertThatThrownBy(() -> MlflowModel.of(artifact))
        .isInstanceOfSatisfying(
            ModelLoadException.class,
            e -> assertThat(e.stage()).isEqualTo(ModelLoadException.Stage.LOAD))
        .hasMessageStartingWith("m v1: MLmodel: ")
        .hasMessageContaining("expected ");
  }

  @Test
  void parse_ofManyAliases_isRefused() throws IOException {
    StringBuilder bomb = new StringBuilder("a0: &a0 [x, x]\n");
    for (int i = 1; i < 40; i++) {
      bomb.append("a" + i + ": &a" + i + " [*a" + (i - 1) + ", *a" + (i - 1) + "]\n");
    }
    ModelArtifact artifact = artifact(bomb.toString());
    assertThatThrownBy(() -> MlflowModel.of(artifact)).isInstanceOf(ModelLoadException.class);
  }

  @Test
  void tribuo_written_canBeRead() throws IOException {
    Path model = Files.writeString(directory.resolve("m"), "a model");
    Path target = directory.resolve("t");
    TribuoFlavor.write(target, model, List.of("a b"), Map.of("owner", "me"));
    MlflowModel written = MlflowModel.of(ModelArtifact.of("m", "1", target));
    assertThat(written.flavors()).containsExactly("tribuo");
    assertThat(written.metadata()).containsEntry("owner", "me");
    assertThat(written.signature().columns())
        .containsExactly(new MlflowSignature.Column("a b", DataType.FLOAT64, true));
    written.requireServable(List.of("MLmodel", "model.tribuo"));
    assertThatThrownBy(() -> written.requireServable(List.of("MLmodel")))
        .hasMessageContaining("flavor tribuo: expected its file 'model.tribuo'");
    assertThatThrownBy(() -> TribuoFlavor.write(target, model, List.of(), Map.of()))
        .isInstanceOf(IOException.class);
  }

  /** The vector that the specification of OpenSSF Model Signing is computed by. */
  @Test
  void rootDigest_ofTwoFiles_isOverTheirDigestsInOrder() throws Exception {
    Files.writeString(directory.resolve("b"), "2");
    Files.writeString(directory.resolve("a"), "1");
    Files.writeString(directory.resolve("model.sig"), "ignored");
    var sha = java.security.MessageDigest.getInstance("SHA-256");
    byte[] one = sha.digest("1".getBytes(StandardCharsets.UTF_8));
    byte[] two = sha.digest("2".getBytes(StandardCharsets.UTF_8));
    sha.update(one);
    assertThat(OmsRoot.of(ModelArtifact.of("m", "1", directory)))
        .isEqualTo(java.util.HexFormat.of().formatHex(sha.digest(two)));
  }
}
