package dev.inflight.bench.call;

import ai.djl.engine.Engine;
import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.Batchifier;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorContext;
import dev.inflight.bench.model.BenchModel;
import java.nio.FloatBuffer;
import org.jspecify.annotations.Nullable;

/** DJL with the same runtime underneath. */
public final class DjlModel implements AutoCloseable {
  private final BenchModel model;
  private final ZooModel<NDList, NDList> zoo;

  /** Loads the model. */
  public DjlModel(BenchModel model) throws Exception {
    this.model = model;
    zoo =
        Criteria.builder()
            .setTypes(NDList.class, NDList.class)
            .optModelPath(TemporaryModel.write("model.onnx", model.bytes()).resolve("model.onnx"))
            .optEngine("OnnxRuntime")
            .optOption("intraOpNumThreads", "1")
            .optOption("interOpNumThreads", "1")
            .build()
            .loadModel();
  }

  /**
   * DJL insists on making ONNX Runtime's environment itself, so it has to come before anybody else.
   */
  public static void claimEnvironment() {
    System.setProperty("OPT_OUT_TRACKING", "true");
    Engine.getEngine("OnnxRuntime");
  }

  /** {@return one that takes the rows of a whole batch, one after the other} For one thread. */
  public Predictor<float[], float[]> predictor(int rows) {
    return zoo.newPredictor(new Whole(model.shape(rows), model.output()));
  }

  /** {@return one that takes and gives arrays of the engine} For one thread. */
  Predictor<NDList, NDList> arrays() {
    return zoo.newPredictor();
  }

  /** {@return memory of the engine} */
  NDManager manager() {
    return zoo.getNDManager();
  }

  @Override
  public void close() {
    zoo.close();
  }

  static float[] output(NDList list, String name) {
    NDArray named = list.get(name);
    return (named == null ? list.get(0) : named).toFloatArray();
  }

  private static final class Whole implements Translator<float[], float[]> {
    private final Shape shape;
    private final String output;

    Whole(long[] shape, String output) {
      this.shape = new Shape(shape);
      this.output = output;
    }

    @Override
    public NDList processInput(TranslatorContext context, float[] input) {
      return new NDList(context.getNDManager().create(FloatBuffer.wrap(input), shape));
    }

    @Override
    public float[] processOutput(TranslatorContext context, NDList list) {
      return output(list, output);
    }

    @Override
    public @Nullable Batchifier getBatchifier() {
      return null;
    }
  }
}
