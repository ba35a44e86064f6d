package dev.inflight.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxSequence;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxTensorLike;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import dev.inflight.tensor.DataType;
import dev.inflight.tensor.ModelValue;
import dev.inflight.tensor.SequenceValue;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import java.lang.reflect.Array;
import java.nio.Buffer;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.IntBuffer;
import java.nio.LongBuffer;
import java.nio.ShortBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** ONNX Runtime's Java binding as a user would call it, without any of our main code. */
final class RawOrt {
  private RawOrt() {}

  static Tensors run(Path model, Tensors row) throws OrtException {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    Map<String, OnnxTensorLike> inputs = new LinkedHashMap<>();
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions();
        OrtSession session = environment.createSession(model.toString(), options)) {
      for (int i = 0; i < row.size(); i++) {
        if (!(row.value(i) instanceof Tensor tensor)) {
          throw new OrtException("ORT Java takes no sequence");
        }
        inputs.put(row.name(i), input(environment, tensor));
      }
      try (OrtSession.Result result = session.run(inputs)) {
        Map<String, ModelValue> values = new LinkedHashMap<>();
        for (Map.Entry<String, OnnxValue> entry : result) {
          values.put(entry.getKey(), output(entry.getValue()));
        }
        return Tensors.of(values);
      }
    } finally {
      inputs.values().forEach(OnnxTensorLike::close);
    }
  }

  private static OnnxTensor input(OrtEnvironment environment, Tensor tensor) throws OrtException {
    long[] dims = tensor.shape().dims();
    if (tensor.type() == DataType.STRING) {
      return OnnxTensor.createTensor(environment, tensor.strings().toArray(new String[0]), dims);
    }
    ByteBuffer bytes =
        ByteBuffer.allocateDirect(tensor.bytes().remaining()).order(ByteOrder.nativeOrder());
    tensor.copyTo(bytes);
    OnnxJavaType type =
        switch (tensor.type()) {
          case FLOAT32 -> OnnxJavaType.FLOAT;
          case FLOAT64 -> OnnxJavaType.DOUBLE;
          default -> OnnxJavaType.valueOf(tensor.type().name());
        };
    return OnnxTensor.createTensor(environment, bytes.flip(), dims, type);
  }

  private static ModelValue output(OnnxValue value) throws OrtException {
    if (value instanceof OnnxSequence sequence) {
      List<ModelValue> values = new ArrayList<>();
      for (OnnxValue element : sequence.getValue()) {
        values.add(output(element));
        element.close();
      }
      return new SequenceValue(values);
    }
    if (!(value instanceof OnnxTensor tensor)) {
      throw new OrtException("no tensor: " + value);
    }
    TensorInfo info = tensor.getInfo();
    long[] dims = info.getShape();
    if (info.type == OnnxJavaType.STRING) {
      List<String> strings = new ArrayList<>();
      flatten(tensor.getValue(), strings);
      return dims.length == 0
          ? Tensor.scalar(strings.get(0))
          : Tensor.of(strings.toArray(new String[0]), dims);
    }
    String name = info.onnxType.name().substring("ONNX_TENSOR_ELEMENT_DATA_TYPE_".length());
    DataType type =
        switch (name) {
          case "FLOAT" -> DataType.FLOAT32;
          case "DOUBLE" -> DataType.FLOAT64;
          default -> DataType.valueOf(name);
        };
    Shape shape = Shape.of(dims);
    ByteBuffer bytes =
        ByteBuffer.allocate((int) type.bytes(shape.elements())).order(ByteOrder.nativeOrder());
    if (!shape.isEmpty()) {
      copy(elements(tensor, type), bytes);
    }
    return Tensor.over(type, shape, bytes);
  }

  private static Buffer elements(OnnxTensor tensor, DataType type) {
    return switch (type) {
      case FLOAT32 -> tensor.getFloatBuffer();
      case FLOAT64 -> tensor.getDoubleBuffer();
      case INT16 -> tensor.getShortBuffer();
      case INT32 -> tensor.getIntBuffer();
      case INT64 -> tensor.getLongBuffer();
      default -> tensor.getByteBuffer();
    };
  }

  private static void copy(Buffer from, ByteBuffer to) {
    if (from instanceof FloatBuffer floats) {
      to.asFloatBuffer().put(floats);
    } else if (from instanceof DoubleBuffer doubles) {
      to.asDoubleBuffer().put(doubles);
    } else if (from instanceof ShortBuffer shorts) {
      to.asShortBuffer().put(shorts);
    } else if (from instanceof IntBuffer ints) {
      to.asIntBuffer().put(ints);
    } else if (from instanceof LongBuffer longs) {
      to.asLongBuffer().put(longs);
    } else {
      to.duplicate().put((ByteBuffer) from);
    }
  }

  private static void flatten(Object value, List<String> target) {
    if (value instanceof String text) {
      target.add(text);
      return;
    }
    for (int i = 0; i < Array.getLength(value); i++) {
      flatten(Array.get(value, i), target);
    }
  }
}
