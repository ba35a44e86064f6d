package dev.inflight.deploy;

import dev.inflight.tensor.MapValue;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.function.IntToDoubleFunction;
import org.jspecify.annotations.Nullable;

/** Whether an answer has neither NaN nor an infinity. */
final class Finiteness {
  private Finiteness() {}

  static boolean of(@Nullable Object answer) {
    if (answer instanceof Float value) {
      return Float.isFinite(value);
    }
    if (answer instanceof Double value) {
      return Double.isFinite(value);
    }
    if (answer instanceof float[] values) {
      return of(values);
    }
    if (answer instanceof double[] values) {
      return of(values);
    }
    if (answer instanceof Object[] values) {
      for (Object value : values) {
        if (!of(value)) {
          return false;
        }
      }
      return true;
    }
    if (answer instanceof Collection<?> values) {
      return ofEach(values);
    }
    if (answer instanceof Map<?, ?> map) {
      return ofEach(map.values());
    }
    if (answer instanceof MapValue map) {
      return ofEach(map.entries().values());
    }
    if (answer instanceof Record) {
      Optional<Components> components = Components.of(answer.getClass());
      return components.isEmpty() || components.get().areFinite(answer);
    }
    if (answer instanceof Tensor tensor) {
      return ofTensor(tensor);
    }
    if (answer instanceof Tensors tensors) {
      for (int i = 0; i < tensors.size(); i++) {
        if (!of(tensors.value(i))) {
          return false;
        }
      }
      return true;
    }
    if (answer instanceof Optional<?> value) {
      return of(value.orElse(null));
    }
    return !(answer instanceof OptionalDouble value) || Double.isFinite(value.orElse(0));
  }

  private static boolean of(float[] values) {
    for (float value : values) {
      if (!Float.isFinite(value)) {
        return false;
      }
    }
    return true;
  }

  private static boolean of(double[] values) {
    for (double value : values) {
      if (!Double.isFinite(value)) {
        return false;
      }
    }
    return true;
  }

  private static boolean ofEach(Collection<?> values) {
    for (Object value : values) {
      if (!of(value)) {
        return false;
      }
    }
    return true;
  }

  private static boolean ofTensor(Tensor tensor) {
    switch (tensor.type()) {
      case COMPLEX64 -> {
        FloatBuffer parts = tensor.bytes().asFloatBuffer();
        return of(parts::get, parts.remaining());
      }
      case COMPLEX128 -> {
        DoubleBuffer parts = tensor.bytes().asDoubleBuffer();
        return of(parts::get, parts.remaining());
      }
      default -> {
        IntToDoubleFunction scores = TensorComparison.scores(tensor);
        return scores == null || of(scores, Math.toIntExact(tensor.shape().elements()));
      }
    }
  }

  private static boolean of(IntToDoubleFunction values, int size) {
    for (int i = 0; i < size; i++) {
      if (!Double.isFinite(values.applyAsDouble(i))) {
        return false;
      }
    }
    return true;
  }
}
