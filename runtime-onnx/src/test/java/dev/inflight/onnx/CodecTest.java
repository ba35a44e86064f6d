package dev.inflight.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.inflight.Codec;
import dev.inflight.ModelLoadException;
import dev.inflight.Outcome;
import dev.inflight.tensor.MapValue;
import dev.inflight.tensor.SequenceValue;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Rows of records through real models, alone and in batches. */
@SuppressWarnings("ArrayRecordComponent") // users write such records
class CodecTest {
  record Cancer(
      double meanFractalDimension,
      double meanRadius,
      double meanTexture,
      double meanPerimeter,
      double meanArea,
      double meanSmoothness,
      double meanCompactness,
      double meanConcavity,
      double meanConcavePoints,
      double meanSymmetry) {}

  record Diagnosis(
      String label, double probability, double malignant, Map<String, Float> probabilities) {}

  record Iris(float sepalLength, float sepalWidth, double petalLength, double petalWidth) {}

  record Species(String label, float[] probabilities) {}

  record MappedSpecies(String label, Map<String, Float> probability) {}

  record Patient(float age, double bp, float s5, String sex, String weight) {}

  record Line(String text) {}

  record Label(String label) {}

  record Benign(long label, float[] probabilities) {}

  private static Cancer cancer(Tensors in, int row) {
    double[] f = floats(in.tensor("features"), row, 10);
    return new Cancer(f[9], f[0], f[1], f[2], f[3], f[4], f[5], f[6], f[7], f[8]);
  }

  static double[] floats(Tensor tensor, int row, int width) {
    return IntStream.range(0, width)
        .mapToDouble(i -> tensor.floats().get(row * width + i))
        .toArray();
  }

  private static Iris iris(Tensors in, int row) {
    double[] f = floats(in.tensor("features"), row, 4);
    return new Iris((float) f[0], (float) f[1], f[2], f[3]);
  }

  private static Patient patient(Tensors in, int row) {
    return new Patient(
        in.tensor("age").floats().get(row),
        in.tensor("bp").floats().get(row),
        in.tensor("s5").floats().get(row),
        in.tensor("sex").strings().get(row),
        in.tensor("weight").strings().get(row));
  }

  private interface RowOf<I> {
    I row(Tensors in, int row);
  }

  private interface Check<O> {
    void check(O answer, Tensors expected, int row);
  }

  @Test
  void records_namedColumns_answerInBatches() {
    batches(
        "cancer-boosted",
        Codec.records(Cancer.class, Diagnosis.class),
        CodecTest::cancer,
        (answer, expected, row) -> {
          double[] p = floats(expected.tensor("probabilities"), row, 2);
          assertThat(answer.label()).isEqualTo(expected.tensor("label").strings().get(row));
          assertThat(answer.probability()).isCloseTo(Math.max(p[0], p[1]), within(1e-5));
          assertThat(answer.malignant()).isCloseTo(p[1], within(1e-5));
          assertThat(answer.probabilities()).containsOnlyKeys("benign", "malignant");
          assertThat(answer.probabilities().get("benign")).isCloseTo((float) p[0], within(1e-5f));
        });
  }

  @Test
  void records_columnsInOrder_answerInBatches() {
    batches(
        "logistic",
        Codec.records(Iris.class, Species.class),
        CodecTest::iris,
        (answer, expected, row) -> {
          assertThat(answer.label()).isEqualTo(expected.tensor("label").strings().get(row));
          assertClose(answer.probabilities(), expected, row);
        });
  }

  @Test
  void records_oneInputPerComponent_answerInBatches() {
    batches(
        "mixed-pipeline",
        Codec.records(Patient.class, Species.class),
        CodecTest::patient,
        (answer, expected, row) -> {
          assertThat(answer.label()).isEqualTo(expected.tensor("label").strings().get(row));
          assertClose(answer.probabilities(), expected, row);
        });
  }

  @Test
  void records_zipMap_answerInBatches() {
    batches(
        "logistic-zipmap",
        Codec.records(Iris.class, MappedSpecies.class),
        CodecTest::iris,
        (answer, expected, row) -> {
          assertThat(answer.label()).isEqualTo(expected.tensor("output_label").strings().get(row));
          MapValue map =
              (MapValue) ((SequenceValue) expected.value("output_probability")).values().get(row);
          assertThat(answer.probability()).hasSize(3);
          map.entries()
              .forEach(
                  (species, p) ->
                      assertThat(answer.probability().get(species))
                          .isCloseTo((Float) p, within(1e-5f)));
        });
  }

  @Test
  void records_text_answerInBatches() {
    batches(
        "text",
        Codec.records(Line.class, Species.class),
        (in, row) -> new Line(in.tensor("text").strings().get(row)),
        (answer, expected, row) -> {
          assertThat(answer.label()).isEqualTo(expected.tensor("label").strings().get(row));
          assertClose(answer.probabilities(), expected, row);
        });
  }

  @Test
  void records_outputDeclaredTooSmall_answerInBatches() {
    // The converter says int64[1]; the model gives one label a row.
    batches(
        "gradient-boosting",
        Codec.records(Features.class, Probabilities.class),
        (in, row) -> new Features(toFloats(floats(in.tensor("features"), row, 10))),
        (answer, expected, row) -> assertClose(answer.probabilities(), expected, row));
  }

  record Features(float[] features) {}

  record Probabilities(float[] probabilities) {}

  private static float[] toFloats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < floats.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  private static void assertClose(float[] actual, Tensors expected, int row) {
    double[] p = floats(expected.tensor("probabilities"), row, actual.length);
    for (int i = 0; i < p.length; i++) {
      assertThat((double) actual[i]).isCloseTo(p[i], within(1e-5));
    }
  }

  /** Batches of 7, 1, 2 and all rows on one lane, twice each, then through the predictor. */
  private static <I, O> void batches(
      String name, Codec<I, O> codec, RowOf<I> rowOf, Check<O> check) {
    Path set = CaseFiles.models("onnx").resolve(name).resolve("test_data_set_0");
    OnnxGraph graph = CaseFiles.graph(name);
    Tensors in = CaseFiles.inputs(set, graph);
    Tensors expected = CaseFiles.outputs(set, graph);
    int n = (int) ((Tensor) in.value(0)).shape().dim(0);
    Batches.with(
        name,
        codec,
        OnnxOptions.defaults(),
        slot -> {
          for (int size : new int[] {7, 1, 2, 7, 1, n, 2}) {
            for (int from = 0; from + size <= n; from += size) {
              List<I> batch = new ArrayList<>();
              for (int i = from; i < from + size; i++) {
                batch.add(rowOf.row(in, i));
              }
              List<Outcome<O>> outcomes = slot.predictor().predict(batch);
              assertThat(outcomes).hasSize(size);
              for (int i = 0; i < size; i++) {
                check.check(outcomes.get(i).value(), expected, from + i);
              }
            }
          }
        });
  }

  @Test
  void records_oneRowBad_failsAlone() {
    Batches.with(
        "mixed-pipeline",
        Codec.records(Patient.class, Label.class),
        OnnxOptions.defaults(),
        slot -> {
          Patient good = new Patient(50, 90, 4.5f, "1", "normal");
          Patient bad = new Patient(50, 90, 4.5f, null, "normal");
          String label = slot.predictor().predict(List.of(good)).get(0).value().label();
          for (int at = 0; at < 7; at++) {
            List<Patient> batch = new ArrayList<>(java.util.Collections.nCopies(7, good));
            batch.set(at, bad);
            List<Outcome<Label>> outcomes = slot.predictor().predict(batch);
            for (int i = 0; i < 7; i++) {
              assertThat(outcomes.get(i).succeeded())
                  .as("row %s, bad %s", i, at)
                  .isEqualTo(i != at);
              if (i != at) {
                assertThat(outcomes.get(i).value().label()).isEqualTo(label);
              }
            }
          }
          assertThat(slot.predictor().predict(List.of(bad, bad)))
              .hasSize(2)
              .noneMatch(Outcome::succeeded);
        });
  }

  @Test
  void withOutputs_oneOfTwo_answersWithThat() {
    Batches.with(
        "cancer-boosted",
        Codec.records(Cancer.class, Label.class),
        OnnxOptions.defaults().withOutputs(Set.of("label")),
        slot -> {
          Tensors in = ChildMains.row("onnx/cancer-boosted");
          List<Outcome<Label>> outcomes =
              slot.predictor().predict(List.of(cancer(in, 0), cancer(in, 1)));
          assertThat(outcomes).allMatch(Outcome::succeeded);
        });
    assertThatThrownBy(
            () ->
                Batches.with(
                    "cancer-boosted",
                    Codec.records(Cancer.class, Diagnosis.class),
                    OnnxOptions.defaults().withOutputs(Set.of("label")),
                    slot -> {}))
        .isInstanceOfSatisfying(
            ModelLoadException.class,
            e -> assertThat(e.stage()).isEqualTo(ModelLoadException.Stage.BIND))
        .hasMessageContainingAll("cancer-boosted v1 does not fit the codec", "probabilit");
  }
}
