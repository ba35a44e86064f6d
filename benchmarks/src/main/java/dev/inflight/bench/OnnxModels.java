package dev.inflight.bench;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Random;

/**
 * The models of the benchmarks as ONNX files, made here so that none need be stored. Field numbers
 * are onnx.proto3's.
 */
final class OnnxModels {
  private static final int FLOAT = 1;

  private OnnxModels() {}

  /** m0: identity of [n, 4]. */
  static byte[] identity() {
    Message graph = new Message();
    graph.message(1, node("Identity", "y", "x"));
    return model(graph, 4, 4);
  }

  /** m1: logistic regression, 32 to 1. */
  static byte[] logistic() {
    return layers(true, 32, 1);
  }

  /** m2: MLP 128-256-128-10. */
  static byte[] mlp() {
    return layers(false, 128, 256, 128, 10);
  }

  /** Fully connected layers with Relu between them; Sigmoid at the end or nothing. */
  private static byte[] layers(boolean sigmoid, int... widths) {
    Random random = new Random(7);
    Message graph = new Message();
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
    return model(graph, widths[0], widths[n]);
  }

  private static byte[] model(Message graph, int in, int out) {
    graph.text(2, "bench");
    graph.message(11, value("x", in));
    graph.message(12, value("y", out));
    Message opset = new Message();
    opset.number(2, 13);
    Message model = new Message();
    model.number(1, 8);
    model.message(7, graph);
    model.message(8, opset);
    return model.bytes.toByteArray();
  }

  private static Message node(String type, String output, String... inputs) {
    Message node = new Message();
    for (String input : inputs) {
      node.text(1, input);
    }
    node.text(2, output);
    node.text(4, type);
    return node;
  }

  private static Message weights(String name, Random random, int... dims) {
    int count = 1;
    Message tensor = new Message();
    for (int dim : dims) {
      tensor.number(1, dim);
      count *= dim;
    }
    ByteBuffer raw = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      raw.putFloat((float) (random.nextGaussian() / Math.sqrt(dims[0])));
    }
    tensor.number(2, FLOAT);
    tensor.text(8, name);
    tensor.bytes(9, raw.array());
    return tensor;
  }

  private static Message value(String name, int width) {
    Message rows = new Message();
    rows.text(2, "n");
    Message columns = new Message();
    columns.number(1, width);
    Message shape = new Message();
    shape.message(1, rows);
    shape.message(1, columns);
    Message tensor = new Message();
    tensor.number(1, FLOAT);
    tensor.message(2, shape);
    Message type = new Message();
    type.message(1, tensor);
    Message value = new Message();
    value.text(1, name);
    value.message(2, type);
    return value;
  }

  /** One protobuf message being written. */
  private static final class Message {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    void number(int field, long value) {
      varint((long) field << 3);
      varint(value);
    }

    void text(int field, String value) {
      bytes(field, value.getBytes(StandardCharsets.UTF_8));
    }

    void message(int field, Message value) {
      bytes(field, value.bytes.toByteArray());
    }

    void bytes(int field, byte[] value) {
      varint(((long) field << 3) | 2);
      varint(value.length);
      bytes.writeBytes(value);
    }

    private void varint(long value) {
      long rest = value;
      while ((rest & ~0x7FL) != 0) {
        bytes.write((int) ((rest & 0x7F) | 0x80));
        rest >>>= 7;
      }
      bytes.write((int) rest);
    }
  }
}
