package dev.inflight.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.inflight.Lanes;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import java.nio.FloatBuffer;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Linear models drawn at random answer, compiled, what ONNX Runtime answers to one row. */
class CompiledLinearTest {
  private static final long SEED = Long.getLong("inflight.seed", 20_261_124);
  private static final int MODELS = 60;
  private static final String ML = "ai.onnx.ml";
  private static final String[] TRANSFORMS = {"NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"};

  private int compiled;

  @Test
  void classifier_drawn_answersSameBits() {
    for (int i = 0; i < MODELS; i++) {
      Random random = seeded("classifier", i);
      int columns = 1 + random.nextInt(40);
      int targets = 1 + random.nextInt(7);
      int classes = Math.max(targets, 2);
      String transform = TRANSFORMS[random.nextInt(targets > 4 ? 2 : TRANSFORMS.length)];
      OnnxBytes.Attributes with =
          new OnnxBytes.Attributes()
              .floats("coefficients", random.doubles((long) targets * columns, -1, 1).toArray())
              .floats("intercepts", random.doubles(targets, -1, 1).toArray())
              .text("post_transform", transform);
      boolean texts = random.nextBoolean();
      if (texts) {
        with.texts(
            "classlabels_strings", IntStream.range(0, classes).mapToObj(k -> "c" + k).toList());
      } else {
        with.integers("classlabels_ints", LongStream.range(10, 10 + classes).toArray());
      }
      OnnxBytes model =
          new OnnxBytes()
              .operator(ML, "LinearClassifier", "label scores", "x", with)
              .input("x", "n " + columns)
              .output("label", "n", texts ? 8 : 7)
              .output("scores", "n " + classes);
      compare(model, columns, random, transform + " of " + targets);
    }
    assertMostCompiled();
  }

  @Test
  void regressor_drawn_answersSameBits() {
    for (int i = 0; i < MODELS; i++) {
      Random random = seeded("regressor", i);
      int columns = 1 + random.nextInt(300);
      int targets = 1 + random.nextInt(9);
      OnnxBytes.Attributes with =
          new OnnxBytes.Attributes()
              .floats("coefficients", random.doubles((long) targets * columns, -1, 1).toArray())
              .integer("targets", targets);
      if (random.nextBoolean()) {
        with.floats("intercepts", random.doubles(targets, -1, 1).toArray());
      }
      OnnxBytes model =
          new OnnxBytes()
              .operator(ML, "LinearRegressor", "y", "x", with)
              .input("x", "n " + columns)
              .output("y", "n " + targets);
      compare(model, columns, random, targets + " targets of " + columns);
    }
    assertMostCompiled();
  }

  /**
   * Both err by less than {@code columns * 2^-24} of what is added, whatever the order; so they
   * differ by less than twice that.
   */
  @Test
  void regressor_severalRows_answersWithinTheErrorOfSums() {
    for (int i = 0; i < MODELS; i++) {
      Random random = seeded("batch", i);
      int columns = 1 + random.nextInt(100);
      int n = 2 + random.nextInt(50);
      double[] coefficients = random.doubles(columns, -1, 1).toArray();
      OnnxBytes model =
          new OnnxBytes()
              .operator(
                  ML,
                  "LinearRegressor",
                  "y",
                  "x",
                  new OnnxBytes.Attributes().floats("coefficients", coefficients))
              .input("x", "n " + columns)
              .output("y", "n 1");
      float[] rows = new float[n * columns];
      for (int k = 0; k < rows.length; k++) {
        rows[k] = (float) random.nextGaussian();
      }
      try (Lanes lanes = Lanes.of(1);
          BothWays both = new BothWays(model, lanes)) {
        Tensors row = Tensors.of("x", Tensor.of(rows, n, columns));
        FloatBuffer ours = both.ours(row).tensor("y").floats();
        FloatBuffer theirs = both.theirs(row).tensor("y").floats();
        for (int r = 0; r < n; r++) {
          double sum = 0;
          for (int k = 0; k < columns; k++) {
            sum += Math.abs(rows[r * columns + k] * coefficients[k]);
          }
          assertThat((double) ours.get(r))
              .isCloseTo((double) theirs.get(r), within(2 * columns * 0x1p-24 * sum));
        }
      }
    }
  }

  /** On other processors ONNX Runtime adds in another order, and answers itself. */
  private void assertMostCompiled() {
    if (System.getProperty("os.arch").equals("amd64")) {
      assertThat(compiled).isGreaterThan(MODELS * 8 / 10);
    }
  }

  private static Random seeded(String what, int i) {
    long seed = SEED + i;
    System.out.printf("%s: -Dinflight.seed=%d%n", what, seed);
    return new Random(seed);
  }

  private void compare(OnnxBytes bytes, int columns, Random random, String what) {
    try (Lanes lanes = Lanes.of(1);
        BothWays both = new BothWays(bytes, lanes)) {
      compiled += both.isCompiled() ? 1 : 0;
      if (!both.isCompiled()) {
        System.out.println("not compiled: " + what);
      }
      for (int i = 0; i < 200; i++) {
        float[] row = new float[columns];
        for (int k = 0; k < columns; k++) {
          row[k] = (float) (random.nextGaussian() * (i % 3 == 0 ? 10 : 1));
        }
        if (i % 20 == 0) {
          row[random.nextInt(columns)] = Float.POSITIVE_INFINITY;
        }
        both.requireSame(Tensors.of("x", Tensor.of(row, 1, columns)));
      }
    }
  }
}
