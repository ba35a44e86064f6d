package dev.inflight.bench.model;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Trained models from {@code testmodels/}, with varied rows. */
public final class StoredModels {
  private static final int ROWS = 2048;

  private StoredModels() {}

  /** {@return scikit-learn's random forest on the breast cancer data; its labels are strings} */
  public static BenchModel randomForest(Path root) throws IOException {
    return cancer(root, "random-forest");
  }

  /** {@return LightGBM's boosted trees on the same data} */
  public static BenchModel gradientBoosting(Path root) throws IOException {
    return cancer(root, "gradient-boosting");
  }

  private static BenchModel cancer(Path root, String name) throws IOException {
    byte[] bytes = Files.readAllBytes(root.resolve("onnx/" + name + "/model.onnx"));
    List<float[]> rows = varied(root.resolve("data/cancer-test.csv"), 10);
    return new BenchModel(name, bytes, "features", "probabilities", new long[] {10}, 2, rows);
  }

  /** {@return PyTorch's convnet on digits of 8x8} */
  public static BenchModel digitsConvnet(Path root) throws IOException {
    byte[] bytes = Files.readAllBytes(root.resolve("onnx/digits-convnet/model.onnx"));
    Random random = new Random(3);
    List<float[]> rows = new ArrayList<>();
    for (int r = 0; r < ROWS / 2; r++) {
      float[] row = new float[64];
      for (int i = 0; i < row.length; i++) {
        row[i] = random.nextInt(17) / 16f;
      }
      rows.add(row);
    }
    return new BenchModel(
        "digits-convnet", bytes, "image", "logits", new long[] {1, 8, 8}, 10, rows);
  }

  /** The held-out rows, again and again with 5 % of noise. */
  private static List<float[]> varied(Path csv, int columns) throws IOException {
    List<String> lines = Files.readAllLines(csv);
    Random random = new Random(2);
    List<float[]> rows = new ArrayList<>();
    for (int r = 0; r < ROWS; r++) {
      String[] cells = lines.get(1 + r % (lines.size() - 1)).split(",", -1);
      float[] row = new float[columns];
      for (int i = 0; i < columns; i++) {
        row[i] = (float) (Double.parseDouble(cells[i]) * (1 + 0.05 * random.nextGaussian()));
      }
      rows.add(row);
    }
    return rows;
  }
}
