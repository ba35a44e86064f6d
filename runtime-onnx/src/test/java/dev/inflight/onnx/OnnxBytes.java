package dev.inflight.onnx;

import dev.inflight.Codec;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.tensor.RowReader;
import dev.inflight.tensor.RowWriter;
import dev.inflight.tensor.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/** Small ONNX models for one test, built node by node. Field numbers are onnx.proto3's. */
final class OnnxBytes {
  private final Message graph = new Message();

  /** TreeEnsemble is new in 5, and what it replaces is deprecated there. */
  private int mlVersion = 3;

  /** x minus the mean over all rows of the run: tells which rows shared one. */
  static OnnxBytes lessItsMean() {
    return new OnnxBytes()
        .node("ReduceMean", "m", "x", 0)
        .node("Sub", "y", "x m")
        .input("x", "n 1")
        .output("y", "n 1");
  }

  /** A node; {@code axes} becomes the attribute of that name if there are any. */
  OnnxBytes node(String type, String output, String inputs, int... axes) {
    Message node = new Message();
    for (String input : inputs.split(" ", -1)) {
      node.text(1, input);
    }
    node.text(2, output);
    node.text(4, type);
    if (axes.length > 0) {
      Message attribute = new Message();
      attribute.text(1, "axes");
      for (int axis : axes) {
        attribute.number(8, axis);
      }
      attribute.number(20, 7);
      node.message(5, attribute);
      if (type.startsWith("Reduce")) {
        Message keep = new Message();
        keep.text(1, "keepdims");
        keep.number(3, 0);
        keep.number(20, 2);
        node.message(5, keep);
      }
    }
    graph.message(1, node);
    return this;
  }

  /** An operator of ONNX-ML, or of ONNX itself where the domain is empty. */
  OnnxBytes operator(String domain, String type, String outputs, String inputs, Attributes with) {
    Message node = new Message();
    for (String input : inputs.split(" ", -1)) {
      node.text(1, input);
    }
    for (String output : outputs.split(" ", -1)) {
      node.text(2, output);
    }
    node.text(4, type);
    with.all.forEach(attribute -> node.message(5, attribute));
    node.text(7, domain);
    mlVersion = type.equals("TreeEnsemble") ? 5 : mlVersion;
    graph.message(1, node);
    return this;
  }

  /** What an operator is given besides its inputs. */
  static final class Attributes {
    private final List<Message> all = new ArrayList<>();

    private Message attribute(String name, int type) {
      Message attribute = new Message();
      attribute.text(1, name);
      attribute.number(20, type);
      all.add(attribute);
      return attribute;
    }

    Attributes integer(String name, long value) {
      attribute(name, 2).number(3, value);
      return this;
    }

    Attributes text(String name, String value) {
      attribute(name, 3).text(4, value);
      return this;
    }

    Attributes integers(String name, long... values) {
      Message attribute = attribute(name, 7);
      for (long value : values) {
        attribute.number(8, value);
      }
      return this;
    }

    Attributes texts(String name, List<String> values) {
      Message attribute = attribute(name, 8);
      values.forEach(value -> attribute.text(9, value));
      return this;
    }

    Attributes floats(String name, double... values) {
      ByteBuffer raw = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
      for (double value : values) {
        raw.putFloat((float) value);
      }
      attribute(name, 6).bytes(7, raw.array());
      return this;
    }

    /** A tensor of onnx.TensorProto's type 1 (float), 2 (uint8) or 11 (double). */
    Attributes tensor(String name, int type, double... values) {
      ByteBuffer raw = ByteBuffer.allocate(8 * values.length).order(ByteOrder.LITTLE_ENDIAN);
      for (double value : values) {
        switch (type) {
          case 1 -> raw.putFloat((float) value);
          case 2 -> raw.put((byte) value);
          default -> raw.putDouble(value);
        }
      }
      Message tensor = new Message();
      tensor.number(1, values.length);
      tensor.number(2, type);
      tensor.bytes(9, Arrays.copyOf(raw.array(), raw.position()));
      attribute(name, 4).message(5, tensor);
      return this;
    }
  }

  /** A FLOAT32 weight. */
  OnnxBytes weight(String name, float[] values, int... dims) {
    Message tensor = new Message();
    for (int dim : dims) {
      tensor.number(1, dim);
    }
    ByteBuffer raw = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    raw.asFloatBuffer().put(values);
    tensor.number(2, 1);
    tensor.text(8, name);
    tensor.bytes(9, raw.array());
    graph.message(5, tensor);
    return this;
  }

  /** A FLOAT32 input; a dimension is a number or a name, separated by blanks. */
  OnnxBytes input(String name, String dims) {
    graph.message(11, value(name, dims));
    return this;
  }

  /** A FLOAT32 output. */
  OnnxBytes output(String name, String dims) {
    graph.message(12, value(name, dims));
    return this;
  }

  /** An input of any type, by its number in onnx.TensorProto. */
  OnnxBytes input(String name, String dims, int type) {
    graph.message(11, value(name, dims, type));
    return this;
  }

  /** An output of any type, by its number in onnx.TensorProto. */
  OnnxBytes output(String name, String dims, int type) {
    graph.message(12, value(name, dims, type));
    return this;
  }

  private static Message value(String name, String dims) {
    return value(name, dims, 1);
  }

  private static Message value(String name, String dims, int elements) {
    Message shape = new Message();
    for (String dim : dims.split(" ", -1)) {
      Message dimension = new Message();
      if (Character.isDigit(dim.charAt(0))) {
        dimension.number(1, Integer.parseInt(dim));
      } else {
        dimension.text(2, dim);
      }
      shape.message(1, dimension);
    }
    Message tensor = new Message();
    tensor.number(1, elements);
    tensor.message(2, shape);
    Message type = new Message();
    type.message(1, tensor);
    Message value = new Message();
    value.text(1, name);
    value.message(2, type);
    return value;
  }

  ModelArtifact artifact() {
    graph.text(2, "test");
    Message opset = new Message();
    opset.number(2, 11);
    Message model = new Message();
    model.number(1, 8);
    model.message(7, graph);
    model.message(8, opset);
    Message ml = new Message();
    ml.text(1, "ai.onnx.ml");
    ml.number(2, mlVersion);
    model.message(8, ml);
    try {
      Path directory = Files.createTempDirectory("inflight-test");
      Path file = Files.write(directory.resolve("model.onnx"), model.toByteArray());
      directory.toFile().deleteOnExit();
      file.toFile().deleteOnExit();
      return ModelArtifact.of("test", "1", directory);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  <I, O> Model<I, O> load(OnnxLoader<I, O> loader) {
    return loader.load(artifact());
  }

  Model<float[], float[]> load(OnnxOptions options) {
    return load(OnnxLoader.of(floats()).withOptions(options));
  }

  /** A row for every input at once, and the first output; inputs of open size take any length. */
  static Codec<float[], float[]> floats() {
    return (artifact, signature) ->
        new Codec.Bound<>() {
          @Override
          public void encode(float[] row, RowWriter writer) {
            for (int i = 0; i < signature.inputs().size(); i++) {
              Shape shape = signature.inputs().get(i).rowShape();
              if (!shape.isFixed()) {
                writer.dims(i, row.length);
              }
              if (i == 0) {
                if (row.length > writer.floats(i).remaining()) {
                  throw new IllegalArgumentException("a row of " + row.length);
                }
                writer.floats(i).put(row);
              } else {
                java.nio.FloatBuffer ones = writer.floats(i);
                for (int k = 0; k < row.length; k++) {
                  ones.put(1);
                }
              }
            }
          }

          @Override
          public float[] decode(RowReader reader) {
            float[] answer = new float[reader.elements(0)];
            reader.floats(0).get(answer);
            return answer;
          }
        };
  }
}
