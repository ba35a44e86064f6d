package dev.inflight.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.InferenceException;
import dev.inflight.InvalidInputException;
import dev.inflight.Model;
import dev.inflight.ModelLoadException;
import dev.inflight.Outcome;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Several rows in a run answer like each of them alone. */
class BatchTest {
  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);

  private OnnxBytes dense(String rows, String answers) {
    return new OnnxBytes()
        .weight("w", Runs.row(random, 12), 4, 3)
        .node("MatMul", "z", "x w")
        .node("Tanh", "y", "z")
        .input("x", rows + " 4")
        .output("y", answers + " 3");
  }

  private static void assertBatchesLikeAlone(Model<float[], float[]> model, List<float[]> rows) {
    Runs.with(
        model,
        runner -> {
          List<float[]> alone = Runs.alone(runner, rows);
          for (int turn = 0; turn < 2; turn++) {
            for (int n : new int[] {rows.size(), 1, 2, 3, 5, 8, 9}) {
              Runs.assertClose(Runs.together(runner, rows.subList(0, n)), alone.subList(0, n));
            }
          }
          Runs.assertClose(Runs.alone(runner, rows), alone);
        });
  }

  @Test
  void run_openBatch_answersLikeAlone() {
    System.out.println("BatchTest seed " + seed);
    for (String answers : new String[] {"n", "m", "1"}) {
      Model<float[], float[]> model = dense("n", answers).load(OnnxOptions.defaults());
      assertThat(model.maxBatch()).isEqualTo(Integer.MAX_VALUE);
      assertBatchesLikeAlone(model, Runs.rows(random, 40, 4));
      assertThat(model.maxBatch()).as("outputs declared " + answers).isEqualTo(Integer.MAX_VALUE);
    }
  }

  @Test
  void run_batchFirst_isProvenByARunOfOne() {
    Model<float[], float[]> model = dense("n", "m").load(OnnxOptions.defaults());
    List<float[]> rows = Runs.rows(random, 3, 4);
    Runs.with(
        model,
        runner -> {
          List<float[]> together = Runs.together(runner, rows);
          Runs.assertClose(together, Runs.alone(runner, rows));
          assertThat(model.maxBatch()).isEqualTo(Integer.MAX_VALUE);
        });
  }

  @Test
  void run_severalRows_takeOneNativeRun() {
    OnnxBytes bytes = OnnxBytes.lessItsMean();
    Runs.with(
        bytes.load(OnnxOptions.defaults()),
        runner -> {
          List<float[]> rows = List.of(new float[] {1}, new float[] {3});
          assertThat(runner.runOne(rows.get(0))).containsExactly(0);
          assertThat(Runs.together(runner, rows))
              .containsExactly(new float[] {-1}, new float[] {1});
        });
  }

  @Test
  void run_fixedBatch_padsAndSplits() {
    for (int k : new int[] {1, 2, 8}) {
      Model<float[], float[]> model =
          dense("" + k, "" + k).load(OnnxOptions.defaults().withFixedBatch(true));
      assertThat(model.maxBatch()).isEqualTo(k);
      assertThat(model.info().signature().inputs().get(0).rowShape().dims()).containsExactly(4);
      assertBatchesLikeAlone(model, Runs.rows(random, 20, 4));
      assertThat(model.maxBatch()).isEqualTo(k);
    }
  }

  @Test
  void run_fixedBatchNotSaidToBeRows_isOneRow() {
    Model<float[], float[]> model = dense("2", "2").load(OnnxOptions.defaults());
    assertThat(model.maxBatch()).isEqualTo(1);
    assertBatchesLikeAlone(model, Runs.rows(random, 10, 8));
  }

  @Test
  void load_fixedBatchWithoutOne_isRefused() {
    for (String[] dims : new String[][] {{"n", "n"}, {"8", "4"}}) {
      assertThatThrownBy(
              () -> dense(dims[0], dims[1]).load(OnnxOptions.defaults().withFixedBatch(true)))
          .isInstanceOfSatisfying(
              ModelLoadException.class,
              e -> assertThat(e.stage()).isEqualTo(ModelLoadException.Stage.LOAD))
          .hasMessageContainingAll("test v1", "fixed batch: expected", "got");
    }
  }

  /** One answer for the whole run, as wide as the rows are many in one of the batches. */
  @Test
  void run_outputReducedOverTheBatch_answersRowByRow() {
    for (String declared : new String[] {"4", "n", "m"}) {
      OnnxBytes bytes =
          new OnnxBytes().node("ReduceMean", "y", "x", 0).input("x", "n 4").output("y", declared);
      for (int first : new int[] {4, 3, 1}) {
        Model<float[], float[]> model = bytes.load(OnnxOptions.defaults());
        List<float[]> rows = Runs.rows(random, 9, 4);
        Runs.with(
            model,
            runner -> {
              Runs.assertClose(
                  Runs.together(runner, rows.subList(0, first)), rows.subList(0, first));
              assertThat(model.maxBatch()).as("%s first of %s", first, declared).isEqualTo(1);
              Runs.assertClose(Runs.together(runner, rows), rows);
              Runs.assertClose(Runs.alone(runner, rows), rows);
            });
      }
    }
  }

  @Test
  void run_batchMeanKeptAsOneRow_answersRowByRow() {
    // One entry in a run of one row, and in every other. Pinned for one row by then.
    for (String declared : new String[] {"m 4", "n 4"}) {
      OnnxBytes bytes =
          new OnnxBytes()
              .node("ReduceMean", "row", "x", 0)
              .node("Unsqueeze", "y", "row", 0)
              .input("x", "n 4")
              .output("y", declared);
      Model<float[], float[]> model = bytes.load(OnnxOptions.defaults());
      List<float[]> rows = Runs.rows(random, 5, 4);
      Runs.with(
          model,
          runner -> {
            Runs.assertClose(Runs.alone(runner, rows), rows);
            assertThat(model.maxBatch()).isEqualTo(Integer.MAX_VALUE);
            Runs.assertClose(Runs.together(runner, rows), rows);
            assertThat(model.maxBatch()).isEqualTo(1);
            Runs.assertClose(Runs.together(runner, rows), rows);
            Runs.assertClose(Runs.alone(runner, rows), rows);
          });
    }
  }

  @Test
  void run_pinningGivenUpByAnotherLane_readsNoEarlierAnswer() {
    Model<float[], float[]> model = dense("n", "n").load(OnnxOptions.defaults());
    List<float[]> rows = Runs.rows(random, 5, 4);
    Runs.with(
        model,
        runner -> {
          Runs.together(runner, rows); // room for five, so that nothing is laid out anew below
          List<float[]> alone = Runs.alone(runner, rows);
          ((CodecModel<?, ?>) model).model().giveUpPinning();
          for (int turn = 0; turn < 2; turn++) {
            Runs.assertClose(Runs.together(runner, rows.subList(0, 4)), alone.subList(0, 4));
            Runs.assertClose(Runs.alone(runner, rows), alone);
          }
        });
  }

  @Test
  void run_rowTheCodecRefuses_failsAloneAndLikeRunOne() {
    for (boolean fixed : new boolean[] {false, true}) {
      String rowsDim = fixed ? "4" : "n";
      Runs.with(
          dense(rowsDim, rowsDim).load(OnnxOptions.defaults().withFixedBatch(fixed)),
          runner -> {
            List<float[]> good = Runs.rows(random, 6, 4);
            List<float[]> alone = Runs.alone(runner, good);
            for (int bad = 0; bad < good.size(); bad++) {
              List<float[]> rows = new ArrayList<>(good);
              rows.set(bad, new float[bad % 2 == 0 ? 3 : 5]);
              List<Outcome<float[]>> outcomes = List.copyOf(runner.run(rows));
              for (int i = 0; i < rows.size(); i++) {
                assertThat(outcomes.get(i).succeeded()).isEqualTo(i != bad);
                if (i != bad) {
                  Runs.assertClose(List.of(outcomes.get(i).value()), List.of(alone.get(i)));
                }
              }
              InferenceException failure = outcomes.get(bad).failure();
              float[] row = rows.get(bad);
              assertThatThrownBy(() -> runner.runOne(row))
                  .isInstanceOf(InvalidInputException.class)
                  .hasMessage(failure.getMessage());
            }
            assertThat(runner.run(List.of(new float[1], new float[9])))
                .hasSize(2)
                .noneMatch(Outcome::succeeded);
            Runs.assertClose(Runs.alone(runner, good), alone);
          });
    }
  }
}
