package dev.inflight.bench.model;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;

/**
 * A model with enough different rows: a row that is repeated flatters trees, because the processor
 * learns its branches.
 */
public final class BenchModel {
  private final String name;
  private final byte[] bytes;
  private final String input;
  private final String output;
  private final long[] rowShape;
  private final int outWidth;
  private final List<float[]> rows;

  BenchModel(
      String name,
      byte[] bytes,
      String input,
      String output,
      long[] rowShape,
      int outWidth,
      List<float[]> rows) {
    this.name = name;
    this.bytes = bytes;
    this.input = input;
    this.output = output;
    this.rowShape = rowShape;
    this.outWidth = outWidth;
    this.rows = List.copyOf(rows);
  }

  private static BenchModel made(String name, byte[] bytes, int outWidth, long... rowShape) {
    int width = 1;
    for (long dim : rowShape) {
      width *= (int) dim;
    }
    return new BenchModel(
        name, bytes, "x", "y", rowShape, outWidth, random(width <= 128 ? 2048 : 512, width));
  }

  private static List<float[]> random(int n, int width) {
    Random random = new Random(1);
    List<float[]> rows = new ArrayList<>(n);
    for (int r = 0; r < n; r++) {
      float[] row = new float[width];
      for (int i = 0; i < width; i++) {
        row[i] = random.nextFloat();
      }
      rows.add(row);
    }
    return rows;
  }

  /** {@return m0 to m5 by its name} */
  public static BenchModel of(String name) {
    return switch (name) {
      case "m0" -> made(name, OnnxModels.identity(), 4, 4);
      case "m1" -> made(name, OnnxModels.logistic(32), 1, 32);
      case "m1-ml" -> made(name, OnnxModels.linearClassifier(32), 2, 32);
      case "m2" -> made(name, OnnxModels.smallMlp(), 10, 128);
      case "m3" -> made(name, OnnxModels.largeMlp(), 100, 512);
      case "m4" -> made(name, OnnxModels.forest(Forest.standard()), 1, 30);
      case "m5" -> made(name, OnnxModels.convnet(), 10, 1, 28, 28);
      default -> throw new IllegalArgumentException("model: expected m0 to m5, got " + name);
    };
  }

  /** {@return what a table calls a model} */
  public static String title(String name) {
    return switch (name) {
      case "m0" -> "m0 identity";
      case "m1" -> "m1 logistic";
      case "m1-ml" -> "m1 as LinearClassifier";
      case "m2" -> "m2 MLP";
      case "m3" -> "m3 large MLP";
      case "m4" -> "m4 forest";
      case "m5" -> "m5 convnet";
      default -> name;
    };
  }

  /** {@return its name} */
  public String name() {
    return name;
  }

  /** {@return the file} */
  public byte[] bytes() {
    return bytes;
  }

  /** {@return whether it is one ONNX-ML operator, which may be evaluated in Java} */
  public boolean isCompilable() {
    return Set.of("m1-ml", "m4", "random-forest", "gradient-boosting").contains(name);
  }

  /** {@return the name of the input} */
  public String input() {
    return input;
  }

  /** {@return the name of the output that is read} */
  public String output() {
    return output;
  }

  /** {@return the shape of {@code n} rows} */
  public long[] shape(int n) {
    long[] shape = new long[rowShape.length + 1];
    shape[0] = n;
    System.arraycopy(rowShape, 0, shape, 1, rowShape.length);
    return shape;
  }

  /** {@return how many numbers a row has} */
  public int inWidth() {
    return rows.get(0).length;
  }

  /** {@return how many numbers an answer has} */
  public int outWidth() {
    return outWidth;
  }

  /** {@return the rows, all different} */
  public List<float[]> rows() {
    return rows;
  }

  /** {@return the same rows in batches} */
  public List<Batch> batches(int n) {
    List<Batch> batches = new ArrayList<>();
    for (int from = 0; from + n <= rows.size(); from += n) {
      batches.add(new Batch(rows.subList(from, from + n).toArray(new float[0][])));
    }
    return batches;
  }
}
