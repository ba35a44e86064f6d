package dev.inflight.onnx;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.Lanes;
import dev.inflight.tensor.DataType;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;

/** Ensembles drawn at random answer, compiled, what ONNX Runtime answers, to the last bit. */
class CompiledTreesTest {
  private static final long SEED = Long.getLong("inflight.seed", 20_261_124);
  private static final int MODELS = Integer.getInteger("inflight.models", 100);
  private static final String ML = "ai.onnx.ml";
  private static final String[] TRANSFORMS = {"NONE", "LOGISTIC", "SOFTMAX", "SOFTMAX_ZERO"};
  private static final String[] AGGREGATES = {"SUM", "AVERAGE", "MIN", "MAX"};

  /** FLOAT32, FLOAT64, INT64, INT32 as onnx.TensorProto numbers them. */
  private static final int[] INPUTS = {1, 1, 11, 7, 6};

  /** ONNX Runtime's regressor takes no whole numbers. */
  private static final int REGRESSOR_INPUTS = 3;

  private int compiled;

  @Test
  void regressor_drawn_answersSameBits() {
    for (int i = 0; i < MODELS; i++) {
      Random random = seeded("regressor", i);
      int targets = random.nextBoolean() ? 1 : 1 + random.nextInt(4);
      RandomEnsemble ensemble = new RandomEnsemble(random, targets, -1);
      int input = INPUTS[random.nextInt(REGRESSOR_INPUTS)];
      OnnxBytes.Attributes with =
          ensemble
              .attributes("target", input == 11 && random.nextBoolean())
              .integer("n_targets", targets)
              .text("post_transform", TRANSFORMS[random.nextInt(TRANSFORMS.length)])
              .text("aggregate_function", AGGREGATES[random.nextInt(AGGREGATES.length)]);
      if (random.nextBoolean()) {
        with.floats("base_values", random.doubles(targets, -1, 1).toArray());
      }
      OnnxBytes model =
          new OnnxBytes()
              .operator(ML, "TreeEnsembleRegressor", "y", "x", with)
              .input("x", "n " + ensemble.columns, input)
              .output("y", "n " + targets);
      compare(model, ensemble, input, random);
    }
    assertThat(compiled).isGreaterThan(MODELS * 9 / 10);
  }

  @Test
  void classifier_drawn_answersSameBits() {
    for (int i = 0; i < MODELS; i++) {
      Random random = seeded("classifier", i);
      int classes = 2 + (random.nextBoolean() ? 0 : random.nextInt(4));
      int only = classes == 2 && random.nextInt(3) > 0 ? random.nextInt(2) : -1;
      RandomEnsemble ensemble = new RandomEnsemble(random, classes, only);
      int input = INPUTS[random.nextInt(INPUTS.length)];
      OnnxBytes.Attributes with =
          ensemble
              .attributes("class", input == 11 && random.nextBoolean())
              .text("post_transform", TRANSFORMS[random.nextInt(TRANSFORMS.length)]);
      boolean texts = random.nextBoolean();
      if (texts) {
        with.texts(
            "classlabels_strings", IntStream.range(0, classes).mapToObj(k -> "c" + k).toList());
      } else {
        with.integers("classlabels_int64s", LongStream.range(10, 10 + classes).toArray());
      }
      switch (random.nextInt(4)) {
        case 0 -> with.floats("base_values", random.doubles(classes, -1, 1).toArray());
        case 1 -> {
          if (only >= 0) {
            with.floats("base_values", random.nextGaussian());
          }
        }
        default -> {}
      }
      OnnxBytes model =
          new OnnxBytes()
              .operator(ML, "TreeEnsembleClassifier", "label scores", "x", with)
              .input("x", "n " + ensemble.columns, input)
              .output("label", "n", texts ? 8 : 7)
              .output("scores", "n " + classes);
      compare(model, ensemble, input, random);
    }
    assertThat(compiled).isGreaterThan(MODELS * 9 / 10);
  }

  @Test
  void treeEnsemble_drawn_answersSameBits() {
    for (int i = 0; i < MODELS / 2; i++) {
      Random random = seeded("TreeEnsemble", i);
      int targets = random.nextBoolean() ? 1 : 1 + random.nextInt(4);
      RandomEnsemble ensemble = new RandomEnsemble(random, targets, -1);
      while (!ensemble.hasInnerNodes()) {
        ensemble = new RandomEnsemble(random, targets, -1);
      }
      int type = random.nextBoolean() ? 1 : 11;
      OnnxBytes.Attributes with =
          ensemble
              .numbered(type)
              .integer("n_targets", targets)
              .integer("post_transform", random.nextInt(4))
              .integer("aggregate_function", random.nextInt(4));
      OnnxBytes model =
          new OnnxBytes()
              .operator(ML, "TreeEnsemble", "y", "x", with)
              .input("x", "n " + ensemble.columns, type)
              .output("y", "n " + targets, type);
      compare(model, ensemble, type, random);
    }
    assertThat(compiled).isGreaterThan(MODELS / 2 * 9 / 10);
  }

  private static Random seeded(String what, int i) {
    long seed = SEED + i;
    System.out.printf("%s: -Dinflight.seed=%d%n", what, seed);
    return new Random(seed);
  }

  private void compare(OnnxBytes bytes, RandomEnsemble ensemble, int input, Random random) {
    try (Lanes lanes = Lanes.of(1);
        BothWays both = new BothWays(bytes, lanes)) {
      compiled += both.isCompiled() ? 1 : 0;
      for (int n : List.of(1, 1, 1, 2, 7, 60, 300)) {
        both.requireSame(Tensors.of("x", rows(ensemble, n, input, random)));
      }
    }
  }

  private static Tensor rows(RandomEnsemble ensemble, int n, int input, Random random) {
    ByteBuffer bytes = ByteBuffer.allocate(8 * n * ensemble.columns).order(ByteOrder.nativeOrder());
    DataType type = OnnxGraph.type(input);
    for (int i = 0; i < n * ensemble.columns; i++) {
      double value = ensemble.number();
      switch (type) {
        case FLOAT32 -> bytes.putFloat((float) value);
        case FLOAT64 -> bytes.putDouble(value);
        case INT64 -> bytes.putLong(random.nextInt(9) == 0 ? random.nextLong() : (long) value);
        default -> bytes.putInt(random.nextInt(9) == 0 ? random.nextInt() : (int) value);
      }
    }
    return Tensor.over(
        type, Shape.of(n, ensemble.columns), bytes.flip().slice().order(ByteOrder.nativeOrder()));
  }
}
