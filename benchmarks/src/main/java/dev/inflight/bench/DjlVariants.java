package dev.inflight.bench;

import ai.djl.inference.Predictor;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.types.Shape;
import ai.djl.repository.zoo.Criteria;
import ai.djl.repository.zoo.ZooModel;
import ai.djl.translate.Batchifier;
import ai.djl.translate.Translator;
import ai.djl.translate.TranslatorContext;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** DJL with the same runtime underneath. */
final class DjlVariants {
  private DjlVariants() {}

  /**
   * DJL insists on making ONNX Runtime's environment itself, so it has to come before anybody else.
   */
  static void claimEnvironment() {
    ai.djl.engine.Engine.getEngine("OnnxRuntime");
  }

  static Variant predictor(byte[] model, float[][] rows) throws Exception {
    System.setProperty("OPT_OUT_TRACKING", "true");
    Path directory = Files.createTempDirectory("inflight-bench-djl");
    Path file = Files.write(directory.resolve("model.onnx"), model);
    file.toFile().deleteOnExit();
    directory.toFile().deleteOnExit();
    int width = rows[0].length;
    float[] flat = new float[rows.length * width];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, flat, i * width, width);
    }
    ZooModel<float[], float[]> zoo =
        Criteria.builder()
            .setTypes(float[].class, float[].class)
            .optModelPath(file)
            .optEngine("OnnxRuntime")
            .optOption("intraOpNumThreads", "1")
            .optOption("interOpNumThreads", "1")
            .optTranslator(new Floats(rows.length, width))
            .build()
            .loadModel();
    Predictor<float[], float[]> predictor = zoo.newPredictor();
    return new Variant() {
      @Override
      public float call() throws Exception {
        return predictor.predict(flat)[0];
      }

      @Override
      public void close() {
        predictor.close();
        zoo.close();
      }
    };
  }

  private record Floats(int rows, int width) implements Translator<float[], float[]> {
    @Override
    public NDList processInput(TranslatorContext context, float[] input) {
      NDArray array =
          context.getNDManager().create(FloatBuffer.wrap(input), new Shape(rows, width));
      return new NDList(array);
    }

    @Override
    public float[] processOutput(TranslatorContext context, NDList list) {
      return list.get(0).toFloatArray();
    }

    @Override
    public @Nullable Batchifier getBatchifier() {
      return null;
    }
  }
}
