package dev.inflight.bench.model;

import java.util.Random;

/**
 * The models of the benchmarks as ONNX files, made here so that none need be stored. Field numbers
 * are onnx.proto3's. One input {@code x}, one output {@code y}.
 */
public final class OnnxModels {
  private static final int FLOAT = 1;
  private static final int INTS = 7;

  private OnnxModels() {}

  /** m0: identity of [n, 4]. */
  public static byte[] identity() {
    ProtoMessage graph = new ProtoMessage();
    graph.message(1, node("Identity", "y", "x"));
    return model(graph, new int[] {4}, 4);
  }

  /** m1: logistic regression, 32 to 1. */
  public static byte[] logistic(int inputs) {
    return layers(true, inputs, 1);
  }

  /** m1 as scikit-learn's converter writes it: two classes, one operator. */
  public static byte[] linearClassifier(int inputs) {
    Random random = new Random(7);
    float[] coefficients = new float[2 * inputs];
    for (int i = 0; i < inputs; i++) {
      coefficients[inputs + i] = (float) (random.nextGaussian() / Math.sqrt(inputs));
      coefficients[i] = -coefficients[inputs + i];
    }
    ProtoMessage node =
        new ProtoMessage().text(1, "x").text(2, "label").text(2, "y").text(4, "LinearClassifier");
    node.text(7, "ai.onnx.ml");
    node.message(5, floats("coefficients", coefficients));
    node.message(5, floats("intercepts", new float[] {-0.1f, 0.1f}));
    node.message(5, ints("classlabels_ints", 0, 1));
    node.message(5, new ProtoMessage().text(1, "post_transform").text(4, "LOGISTIC").number(20, 3));
    return model(new ProtoMessage().message(1, node), new int[] {inputs}, 2);
  }

  /** m2: MLP 128-256-128-10. */
  public static byte[] smallMlp() {
    return layers(false, 128, 256, 128, 10);
  }

  /** m3: MLP 512-1024-1024-100. */
  public static byte[] largeMlp() {
    return layers(false, 512, 1024, 1024, 100);
  }

  /** m4: a regression forest, its answer the sum of the trees. */
  public static byte[] forest(Forest forest) {
    int trees = forest.trees();
    int inner = forest.innerNodes();
    int leaves = inner + 1;
    int nodes = inner + leaves;
    long[] tree = new long[trees * nodes];
    long[] id = new long[trees * nodes];
    long[] feature = new long[trees * nodes];
    long[] yes = new long[trees * nodes];
    long[] no = new long[trees * nodes];
    float[] threshold = new float[trees * nodes];
    long[] leafTree = new long[trees * leaves];
    long[] leafId = new long[trees * leaves];
    float[] leafWeight = new float[trees * leaves];
    ProtoMessage modes = new ProtoMessage().text(1, "nodes_modes");
    for (int t = 0; t < trees; t++) {
      for (int i = 0; i < nodes; i++) {
        int at = t * nodes + i;
        boolean isLeaf = i >= inner;
        tree[at] = t;
        id[at] = i;
        feature[at] = isLeaf ? 0 : forest.feature(t, i);
        threshold[at] = isLeaf ? 0 : forest.threshold(t, i);
        yes[at] = isLeaf ? 0 : 2 * i + 1;
        no[at] = isLeaf ? 0 : 2 * i + 2;
        modes.text(9, isLeaf ? "LEAF" : "BRANCH_LEQ");
        if (isLeaf) {
          leafTree[t * leaves + i - inner] = t;
          leafId[t * leaves + i - inner] = i;
          leafWeight[t * leaves + i - inner] = forest.leaf(t, i - inner);
        }
      }
    }
    ProtoMessage node = node("TreeEnsembleRegressor", "y", "x").text(7, "ai.onnx.ml");
    node.message(5, modes.number(20, 8));
    node.message(5, ints("nodes_treeids", tree));
    node.message(5, ints("nodes_nodeids", id));
    node.message(5, ints("nodes_featureids", feature));
    node.message(5, ints("nodes_truenodeids", yes));
    node.message(5, ints("nodes_falsenodeids", no));
    node.message(5, floats("nodes_values", threshold));
    node.message(5, ints("target_treeids", leafTree));
    node.message(5, ints("target_nodeids", leafId));
    node.message(5, ints("target_ids", new long[trees * leaves]));
    node.message(5, floats("target_weights", leafWeight));
    node.message(5, new ProtoMessage().text(1, "n_targets").number(3, 1).number(20, 2));
    ProtoMessage graph = new ProtoMessage().message(1, node);
    return model(graph, new int[] {forest.features()}, 1);
  }

  /** m5: a small convnet on 1x28x28: two convolutions with pooling, one dense layer to 10. */
  public static byte[] convnet() {
    Random random = new Random(5);
    ProtoMessage graph = new ProtoMessage();
    graph.message(1, convolution("c0", "x", "cw0", "cb0"));
    graph.message(1, node("Relu", "r0", "c0"));
    graph.message(1, pool("p0", "r0"));
    graph.message(1, convolution("c1", "p0", "cw1", "cb1"));
    graph.message(1, node("Relu", "r1", "c1"));
    graph.message(1, pool("p1", "r1"));
    graph.message(1, node("Flatten", "flat", "p1"));
    graph.message(1, node("Gemm", "y", "flat", "w", "b"));
    graph.message(5, weights("cw0", random, 8, 1, 3, 3));
    graph.message(5, weights("cb0", random, 8));
    graph.message(5, weights("cw1", random, 16, 8, 3, 3));
    graph.message(5, weights("cb1", random, 16));
    graph.message(5, weights("w", random, 16 * 7 * 7, 10));
    graph.message(5, weights("b", random, 10));
    return model(graph, new int[] {1, 28, 28}, 10);
  }

  private static ProtoMessage convolution(String output, String... inputs) {
    return node("Conv", output, inputs)
        .message(5, ints("kernel_shape", 3, 3))
        .message(5, ints("pads", 1, 1, 1, 1));
  }

  private static ProtoMessage pool(String output, String input) {
    return node("MaxPool", output, input)
        .message(5, ints("kernel_shape", 2, 2))
        .message(5, ints("strides", 2, 2));
  }

  private static ProtoMessage ints(String name, long... values) {
    return new ProtoMessage().text(1, name).numbers(8, values).number(20, INTS);
  }

  private static ProtoMessage floats(String name, float[] values) {
    return new ProtoMessage().text(1, name).floats(7, values).number(20, 6);
  }

  /** Fully connected layers with Relu between them; Sigmoid at the end or nothing. */
  private static byte[] layers(boolean sigmoid, int... widths) {
    Random random = new Random(7);
    ProtoMessage graph = new ProtoMessage();
    String last = "x";
    int n = widths.length - 1;
    for (int i = 0; i < n; i++) {
      boolean end = i == n - 1;
      String sum = end && !sigmoid ? "y" : "sum" + i;
      graph.message(1, node("Gemm", sum, last, "w" + i, "b" + i));
      last = sum;
      if (!end) {
        graph.message(1, node("Relu", "relu" + i, sum));
        last = "relu" + i;
      } else if (sigmoid) {
        graph.message(1, node("Sigmoid", "y", sum));
      }
    }
    for (int i = 0; i < n; i++) {
      graph.message(5, weights("w" + i, random, widths[i], widths[i + 1]));
      graph.message(5, weights("b" + i, random, widths[i + 1]));
    }
    return model(graph, new int[] {widths[0]}, widths[n]);
  }

  private static byte[] model(ProtoMessage graph, int[] in, int out) {
    graph.text(2, "bench");
    graph.message(11, value("x", in));
    graph.message(12, value("y", out));
    ProtoMessage model = new ProtoMessage().number(1, 8).message(7, graph);
    model.message(8, new ProtoMessage().number(2, 13));
    model.message(8, new ProtoMessage().text(1, "ai.onnx.ml").number(2, 1));
    return model.toByteArray();
  }

  private static ProtoMessage node(String type, String output, String... inputs) {
    ProtoMessage node = new ProtoMessage();
    for (String input : inputs) {
      node.text(1, input);
    }
    return node.text(2, output).text(4, type);
  }

  private static ProtoMessage weights(String name, Random random, int... dims) {
    int count = 1;
    ProtoMessage tensor = new ProtoMessage();
    for (int dim : dims) {
      tensor.number(1, dim);
      count *= dim;
    }
    float[] values = new float[count];
    for (int i = 0; i < count; i++) {
      values[i] = (float) (random.nextGaussian() / Math.sqrt(dims[0]));
    }
    return tensor.number(2, FLOAT).text(8, name).bytes(9, ProtoMessage.littleEndian(values));
  }

  private static ProtoMessage value(String name, int... row) {
    ProtoMessage shape = new ProtoMessage().message(1, new ProtoMessage().text(2, "n"));
    for (int dim : row) {
      shape.message(1, new ProtoMessage().number(1, dim));
    }
    ProtoMessage tensor = new ProtoMessage().number(1, FLOAT).message(2, shape);
    return new ProtoMessage().text(1, name).message(2, new ProtoMessage().message(1, tensor));
  }
}
