package dev.inflight.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.InvalidInputException;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelLoadException;
import dev.inflight.Outcome;
import dev.inflight.tensor.DataType;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.ValueSpec;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Rows of different size in one run. */
class RaggedTest {
  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);

  /** The mean of each row, over what the mask lets through, or over all. */
  private static OnnxBytes mean(boolean masked) {
    OnnxBytes bytes = new OnnxBytes().input("x", "n length");
    if (!masked) {
      return bytes.node("ReduceMean", "y", "x", 1).output("y", "n");
    }
    return bytes
        .input("mask", "n length")
        .node("Mul", "seen", "x mask")
        .node("ReduceSum", "sum", "seen", 1)
        .node("ReduceSum", "count", "mask", 1)
        .node("Div", "y", "sum count")
        .output("y", "n");
  }

  private List<float[]> ragged(int n) {
    List<float[]> rows = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      rows.add(Runs.row(random, 1 + random.nextInt(6)));
    }
    return rows;
  }

  private void assertBatchesLikeAlone(Model<float[], float[]> model) {
    System.out.println("RaggedTest seed " + seed);
    assertThat(model.maxBatch()).isEqualTo(Integer.MAX_VALUE);
    Runs.with(
        model,
        runner -> {
          for (int turn = 0; turn < 20; turn++) {
            List<float[]> rows = ragged(1 + random.nextInt(40));
            Runs.assertClose(Runs.together(runner, rows), Runs.alone(runner, rows));
          }
          assertThat(model.maxBatch()).isEqualTo(Integer.MAX_VALUE);
        });
  }

  @Test
  void run_rowsOfManySizes_answersLikeAloneWithoutPadding() {
    assertBatchesLikeAlone(mean(false).load(OnnxOptions.defaults()));
    assertBatchesLikeAlone(mean(true).load(OnnxOptions.defaults()));
  }

  @Test
  void run_rowsOfManySizes_answersLikeAloneWithPaddingAndMask() {
    OnnxOptions options = OnnxOptions.defaults().withPadding("x", 99).withPadding("mask", 0);
    assertBatchesLikeAlone(mean(true).load(options));
  }

  @Test
  void run_paddingWithoutMask_isReallyPadded() {
    // Why padding is never on by itself.
    Model<float[], float[]> model = mean(false).load(OnnxOptions.defaults().withPadding("x", 4));
    Runs.with(
        model,
        runner -> {
          List<float[]> rows = List.of(new float[] {2}, new float[] {1, 2, 3});
          assertThat(runner.runOne(rows.get(0))).containsExactly(2);
          assertThat(Runs.together(runner, rows).get(0)).containsExactly((2 + 4 + 4) / 3f);
        });
  }

  @Test
  void run_emptyRowAmongOthers_failsAlone() {
    OnnxOptions options = OnnxOptions.defaults().withPadding("x", 0).withPadding("mask", 0);
    for (OnnxOptions each : List.of(OnnxOptions.defaults(), options)) {
      Runs.with(
          mean(true).load(each),
          runner -> {
            List<Outcome<float[]>> outcomes =
                runner.run(List.of(new float[] {1, 2}, new float[0], new float[] {3}));
            assertThat(outcomes).extracting(Outcome::succeeded).containsExactly(true, false, true);
            assertThat(outcomes.get(1).failure())
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("expected no zero dimension");
            assertThat(outcomes.get(2).value()).containsExactly(3);
            assertThatThrownBy(() -> runner.runOne(new float[0]))
                .isInstanceOf(InvalidInputException.class)
                .hasMessageContaining("expected no zero dimension");
          });
    }
  }

  @Test
  void run_recurrentModel_answersLikeAlone() {
    Model<float[], float[]> model =
        OnnxLoader.of(GruCodec.INSTANCE)
            .load(ModelArtifact.of("gru", "1", CaseFiles.models("onnx/gru")));
    Runs.with(
        model,
        runner -> {
          List<float[]> rows = new ArrayList<>();
          for (int i = 0; i < 20; i++) {
            rows.add(Runs.row(random, 8 * (1 + random.nextInt(4))));
          }
          Runs.assertClose(Runs.together(runner, rows), Runs.alone(runner, rows));
          assertThat(model.maxBatch()).isEqualTo(Integer.MAX_VALUE);
        });
  }

  @Test
  void load_paddingThatCannotBe_isRefused() {
    for (OnnxOptions options :
        List.of(
            OnnxOptions.defaults().withPadding("nothing", 0),
            OnnxOptions.defaults().withPadding("w", 0))) {
      OnnxBytes bytes = new OnnxBytes().input("w", "n 4").node("Tanh", "y", "w").output("y", "n 4");
      assertThatThrownBy(() -> bytes.load(options))
          .isInstanceOfSatisfying(
              ModelLoadException.class,
              e -> assertThat(e.stage()).isEqualTo(ModelLoadException.Stage.LOAD))
          .hasMessageContaining("test v1");
    }
  }

  @Test
  void padding_valueTheTypeCannotHold_isRefused() {
    ValueSpec ids = ValueSpec.tensor("ids", DataType.INT8, Shape.of(Shape.OPEN, Shape.OPEN));
    assertThat(Padding.of(ids, -128)).isEqualTo(new Padding(1, -128));
    for (double value : new double[] {128, -129, 0.5, Double.NaN}) {
      assertThatThrownBy(() -> Padding.of(ids, value))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContainingAll("'ids'", "got " + value);
    }
    ValueSpec text = ValueSpec.tensor("t", DataType.STRING, Shape.of(Shape.OPEN, Shape.OPEN));
    assertThatThrownBy(() -> Padding.of(text, 0)).hasMessageContaining("input of numbers");
  }

  @Test
  void copy_smallerBlock_liesInTheLowCorner() {
    ByteBuffer from = ByteBuffer.allocate(12).order(ByteOrder.nativeOrder());
    for (int i = 0; i < 12; i++) {
      from.put(i, (byte) (i + 1));
    }
    ByteBuffer to = ByteBuffer.allocate(2 * 3 * 4).order(ByteOrder.nativeOrder());
    new Padding(1, 0).fill(to);
    Padding.copy(from, 0, Shape.of(2, 2, 3), to, 0, Shape.of(2, 3, 4), 1);
    assertThat(to.array())
        .containsExactly(1, 2, 3, 0, 4, 5, 6, 0, 0, 0, 0, 0, 7, 8, 9, 0, 10, 11, 12, 0, 0, 0, 0, 0);
  }
}
