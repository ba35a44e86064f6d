package dev.inflight.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.Outcome;
import dev.inflight.tensor.DataType;
import dev.inflight.tensor.ModelValue;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every trained model answers random rows in batches as it answers them one by one. */
class BatchInvarianceTest {
  private static final double CLOSE = 1e-6;

  static Stream<String> models() {
    return CaseFiles.directories(CaseFiles.models("onnx"), "").stream()
        .map(path -> path.getFileName().toString());
  }

  private static Tensors jittered(Random random, Tensors row) {
    Map<String, ModelValue> values = new LinkedHashMap<>();
    for (String name : row.names()) {
      Tensor tensor = row.tensor(name);
      if (tensor.type() == DataType.FLOAT32) {
        float[] floats = new float[(int) tensor.shape().elements()];
        tensor.floats().get(floats);
        for (int i = 0; i < floats.length; i++) {
          floats[i] *= 1 + 0.1f * (float) random.nextGaussian();
        }
        tensor = Tensor.of(floats, tensor.shape().dims());
      }
      values.put(name, tensor);
    }
    return Tensors.of(values);
  }

  private static List<Tensors> rows(Random random, String name, int n) {
    OnnxGraph graph = CaseFiles.graph(name);
    List<Path> sets =
        CaseFiles.directories(CaseFiles.models("onnx").resolve(name), "test_data_set_");
    List<Tensors> wholes = sets.stream().map(set -> CaseFiles.inputs(set, graph)).toList();
    List<Tensors> rows = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      Tensors whole = wholes.get(random.nextInt(wholes.size()));
      int entries = (int) ((Tensor) whole.value(0)).shape().dim(0);
      rows.add(jittered(random, TensorsCodec.row(whole, random.nextInt(entries))));
    }
    return rows;
  }

  @ParameterizedTest
  @MethodSource("models")
  void run_randomRowsThroughCodec_answersLikeAlone(String name) {
    assertInvariant(name, OnnxLoader.of(TensorsCodec.INSTANCE));
  }

  @ParameterizedTest
  @MethodSource("models")
  void run_randomRowsOfTensors_answersLikeAlone(String name) {
    assertInvariant(name, OnnxLoader.tensors());
  }

  private static void assertInvariant(String name, OnnxLoader<Tensors, Tensors> loader) {
    long seed = System.nanoTime();
    System.out.println("BatchInvarianceTest " + name + " seed " + seed);
    Random random = new Random(seed);
    Model<Tensors, Tensors> model =
        loader.load(ModelArtifact.of(name, "1", CaseFiles.models("onnx").resolve(name)));
    int before = model.maxBatch();
    Runs.with(
        model,
        runner -> {
          for (int n : new int[] {5, 32, 1, 2, 31, 32, 7}) {
            List<Tensors> rows = rows(random, name, n);
            rows.forEach(model::validate);
            List<Outcome<Tensors>> together = List.copyOf(runner.run(rows));
            for (int i = 0; i < n; i++) {
              Tensors alone = runner.runOne(rows.get(i));
              CaseFiles.assertClose(together.get(i).value(), alone, CLOSE, CLOSE);
            }
          }
        });
    assertThat(model.maxBatch()).as("most rows in a run").isEqualTo(before);
    System.out.println("  at most " + before + " rows in a run");
  }
}
