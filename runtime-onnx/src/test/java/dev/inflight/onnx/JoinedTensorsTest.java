package dev.inflight.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.Model;
import dev.inflight.Outcome;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Rows of tensors, each standing for several, in one run. */
class JoinedTensorsTest {
  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);

  private OnnxBytes two(String rows, String answers) {
    return new OnnxBytes()
        .weight("w", Runs.row(random, 12), 4, 3)
        .node("MatMul", "z", "x w")
        .node("Add", "y", "z b")
        .node("Tanh", "t", "x")
        .input("x", rows + " 4")
        .input("b", rows + " 3")
        .output("y", answers + " 3")
        .output("t", answers + " 4");
  }

  private Tensors row(int entries) {
    return Tensors.of("x", Tensor.of(Runs.row(random, entries * 4), entries, 4))
        .and("b", Tensor.of(Runs.row(random, entries * 3), entries, 3));
  }

  private List<Tensors> rows(int n) {
    List<Tensors> rows = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      rows.add(row(1 + random.nextInt(4)));
    }
    return rows;
  }

  private static void assertLikeAlone(Model<Tensors, Tensors> model, List<List<Tensors>> calls) {
    Runs.with(
        model,
        runner -> {
          for (List<Tensors> rows : calls) {
            List<Outcome<Tensors>> together = List.copyOf(runner.run(rows));
            assertThat(together).hasSameSizeAs(rows);
            for (int i = 0; i < rows.size(); i++) {
              Tensors answer = together.get(i).value();
              CaseFiles.assertClose(answer, runner.runOne(rows.get(i)), 1e-6, 1e-6);
            }
          }
        });
  }

  @Test
  void run_rowsOfManyEntries_answersLikeAlone() {
    System.out.println("JoinedTensorsTest seed " + seed);
    Model<Tensors, Tensors> model = two("n", "n").load(OnnxLoader.tensors());
    assertThat(model.maxBatch()).isEqualTo(Integer.MAX_VALUE);
    assertThat(model.rows(row(3))).isEqualTo(3);
    assertThat(model.batchesWith(row(1), row(3))).isTrue();
    List<List<Tensors>> calls = new ArrayList<>();
    for (int i = 0; i < 30; i++) {
      calls.add(rows(random.nextInt(20)));
    }
    assertLikeAlone(model, calls);
    assertThat(model.maxBatch()).isEqualTo(Integer.MAX_VALUE);
  }

  @Test
  void run_joinedRows_takeOneNativeRun() {
    OnnxBytes bytes = OnnxBytes.lessItsMean();
    Runs.with(
        bytes.load(OnnxLoader.tensors()),
        runner -> {
          Tensors one = Tensors.of("x", Tensor.of(new float[] {1}, 1, 1));
          Tensors three = Tensors.of("x", Tensor.of(new float[] {3}, 1, 1));
          assertThat(runner.runOne(one).tensor("y").floats().get(0)).isZero();
          List<Outcome<Tensors>> together = runner.run(List.of(one, three));
          assertThat(together.get(0).value().tensor("y").floats().get(0)).isEqualTo(-1);
          assertThat(together.get(1).value().tensor("y").floats().get(0)).isEqualTo(1);
        });
  }

  @Test
  void batchesWith_otherShapesNamesOrText_isFalse() {
    OnnxBytes open = new OnnxBytes().node("Tanh", "y", "x").input("x", "n l").output("y", "n l");
    try (Model<Tensors, Tensors> model = open.load(OnnxLoader.tensors())) {
      Tensors two = Tensors.of("x", Tensor.of(new float[2], 1, 2));
      Tensors three = Tensors.of("x", Tensor.of(new float[3], 1, 3));
      assertThat(model.batchesWith(two, two)).isTrue();
      assertThat(model.batchesWith(two, three)).isFalse();
    }
    for (String[] dims : new String[][] {{"n", "m"}, {"n", "4"}, {"4", "4"}}) {
      try (Model<Tensors, Tensors> model = two(dims[0], dims[1]).load(OnnxLoader.tensors())) {
        assertThat(model.maxBatch()).isEqualTo(1);
        assertThat(model.batchesWith(row(4), row(4))).isFalse();
        assertThat(model.rows(row(4))).isEqualTo(dims[0].equals("n") ? 4 : 1);
      }
    }
  }

  /** The model says rows, and answers once for all of them: with 4 entries, whatever is asked. */
  @Test
  void run_outputDoesNotFollowTheRows_answersEachAlone() {
    for (int first : new int[] {4, 1, 2}) {
      OnnxBytes bytes =
          new OnnxBytes().node("ReduceMean", "y", "x", 0).input("x", "n 4").output("y", "n");
      Model<Tensors, Tensors> model = bytes.load(OnnxLoader.tensors());
      assertThat(model.maxBatch()).isEqualTo(Integer.MAX_VALUE);
      List<List<Tensors>> calls = new ArrayList<>();
      for (int[] entries : new int[][] {{first}, {1, 3}, {4, 4}, {2, 2}, {1, 1, 2}, {3, 1}}) {
        List<Tensors> rows = new ArrayList<>();
        for (int n : entries) {
          rows.add(Tensors.of("x", Tensor.of(Runs.row(random, n * 4), n, 4)));
        }
        calls.add(rows);
      }
      assertLikeAlone(model, calls);
      assertThat(model.maxBatch()).isEqualTo(1);
    }
  }
}
