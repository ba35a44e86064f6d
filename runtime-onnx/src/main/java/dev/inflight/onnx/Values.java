package dev.inflight.onnx;

import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxMap;
import ai.onnxruntime.OnnxSequence;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.TensorInfo;
import dev.inflight.InvalidInputException;
import dev.inflight.tensor.DataType;
import dev.inflight.tensor.MapValue;
import dev.inflight.tensor.ModelValue;
import dev.inflight.tensor.SequenceValue;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.Tensor;
import java.lang.reflect.Array;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Between ORT Java's values and ours. */
final class Values {
  private Values() {}

  /**
   * How ORT Java calls a type when it makes a tensor over memory.
   *
   * @throws InvalidInputException if it has no name for it; {@code what} is the subject
   */
  static OnnxJavaType javaType(DataType type, String what) {
    return switch (type) {
      case FLOAT32 -> OnnxJavaType.FLOAT;
      case FLOAT64 -> OnnxJavaType.DOUBLE;
      case INT8 -> OnnxJavaType.INT8;
      case INT16 -> OnnxJavaType.INT16;
      case INT32 -> OnnxJavaType.INT32;
      case INT64 -> OnnxJavaType.INT64;
      case UINT8 -> OnnxJavaType.UINT8;
      case BOOL -> OnnxJavaType.BOOL;
      case FLOAT16 -> OnnxJavaType.FLOAT16;
      case BFLOAT16 -> OnnxJavaType.BFLOAT16;
      default ->
          throw new InvalidInputException(
              what + ": expected a type that ORT Java can make a tensor of, got " + type);
    };
  }

  /** {@return whether ORT Java has a name for the type} */
  static boolean isJavaType(DataType type) {
    return switch (type) {
      case FLOAT32, FLOAT64, INT8, INT16, INT32, INT64, UINT8, BOOL, FLOAT16, BFLOAT16 -> true;
      default -> false;
    };
  }

  /** A tensor of strings, which ORT Java copies. The caller closes it. */
  static OnnxTensor strings(OrtEnvironment environment, String[] values, Shape shape)
      throws OrtException {
    return OnnxTensor.createTensor(environment, values, shape.dims());
  }

  /** A copy of a result. Closes nothing but what it opens itself. */
  static ModelValue copy(OnnxValue value) throws OrtException {
    if (value instanceof OnnxTensor tensor) {
      return tensor(tensor);
    }
    if (value instanceof OnnxSequence sequence) {
      List<ModelValue> values = new ArrayList<>();
      for (OnnxValue element : sequence.getValue()) {
        try (element) {
          values.add(copy(element));
        }
      }
      return new SequenceValue(values);
    }
    if (value instanceof OnnxMap map) {
      Map<Object, Object> entries = new LinkedHashMap<>();
      map.getValue().forEach((key, entry) -> entries.put(key, entry));
      return new MapValue(entries);
    }
    throw new IllegalStateException(
        "onnxruntime gave a " + value.getType() + ", which has no value in Java");
  }

  private static Tensor tensor(OnnxTensor tensor) throws OrtException {
    Shape shape = Shape.of(tensor.getInfo().getShape());
    if (tensor.getInfo().type == OnnxJavaType.STRING) {
      String[] strings = new String[Math.toIntExact(shape.elements())];
      if (strings.length > 0) {
        flatten(tensor.getValue(), strings, 0);
      }
      return shape.rank() == 0 ? Tensor.scalar(strings[0]) : Tensor.of(strings, shape.dims());
    }
    DataType type = type(tensor.getInfo().onnxType);
    ByteBuffer bytes = shape.isEmpty() ? ByteBuffer.allocate(0) : tensor.getByteBuffer();
    return Tensor.over(type, shape, bytes.order(java.nio.ByteOrder.nativeOrder()));
  }

  /** By name: ORT Java numbers its types otherwise than ONNX does. */
  private static DataType type(TensorInfo.OnnxTensorType type) {
    return switch (type) {
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT -> DataType.FLOAT32;
      case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE -> DataType.FLOAT64;
      default -> DataType.valueOf(type.name().substring("ONNX_TENSOR_ELEMENT_DATA_TYPE_".length()));
    };
  }

  private static int flatten(Object value, String[] target, int at) {
    if (value instanceof String text) {
      target[at] = text;
      return at + 1;
    }
    int next = at;
    for (int i = 0; i < Array.getLength(value); i++) {
      next = flatten(Array.get(value, i), target, next);
    }
    return next;
  }
}
