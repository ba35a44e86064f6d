package dev.inflight.onnx;

import dev.inflight.onnx.Scorer.Scratch;
import dev.inflight.tensor.DataType;
import dev.inflight.tensor.MapValue;
import dev.inflight.tensor.ModelValue;
import dev.inflight.tensor.RowBuffers;
import dev.inflight.tensor.Shape;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.ValueSpec;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** One output of a compiled model. Immutable; all lanes share it. */
interface Answer {
  /** Writes row {@code row} of output {@code i}. */
  void write(Scratch scratch, int label, int row, int i, RowBuffers out);

  /** All {@code n} rows of output {@code i} as one value of its own, as ONNX Runtime has it. */
  ModelValue value(int n, int i, RowBuffers out);

  /** {@return whether a row's answer fits where a codec would read it} */
  boolean fits(ValueSpec declared);

  /** A step of the nodes behind the operator, on a row's scores. */
  interface Step {
    void apply(double[] scores);
  }

  /** An entry a row, as the file numbers its classes. */
  record Numbers(List<Long> labels) implements Answer {
    @Override
    public void write(Scratch scratch, int label, int row, int i, RowBuffers out) {
      out.region(i).putLong(Long.BYTES * row, labels.get(label));
    }

    @Override
    public ModelValue value(int n, int i, RowBuffers out) {
      return Tensor.copyOf(DataType.INT64, Shape.of(n), out.region(i), 0);
    }

    @Override
    public boolean fits(ValueSpec declared) {
      return isTensor(declared, DataType.INT64, 1);
    }
  }

  /** An entry a row, as the file calls its classes. */
  record Texts(List<String> labels) implements Answer {
    @Override
    public void write(Scratch scratch, int label, int row, int i, RowBuffers out) {
      out.strings(i)[row] = labels.get(label);
    }

    @Override
    public ModelValue value(int n, int i, RowBuffers out) {
      return Tensor.of(Arrays.copyOf(out.strings(i), n), n);
    }

    @Override
    public boolean fits(ValueSpec declared) {
      return isTensor(declared, DataType.STRING, 1);
    }
  }

  /** An entry a class or target and row. */
  record Scores(int count, boolean wide, List<Step> steps) implements Answer {
    @Override
    public void write(Scratch scratch, int label, int row, int i, RowBuffers out) {
      double[] scores = stepped(scratch, steps);
      for (int k = 0; k < count; k++) {
        if (wide) {
          out.region(i).putDouble(Double.BYTES * (row * count + k), scores[k]);
        } else {
          out.region(i).putFloat(Float.BYTES * (row * count + k), (float) scores[k]);
        }
      }
    }

    private DataType type() {
      return wide ? DataType.FLOAT64 : DataType.FLOAT32;
    }

    @Override
    public ModelValue value(int n, int i, RowBuffers out) {
      return Tensor.copyOf(type(), Shape.of(n, count), out.region(i), 0);
    }

    @Override
    public boolean fits(ValueSpec declared) {
      return declared.isBatched()
          && declared.shape().rank() == 2
          && isTensor(declared, type(), count);
    }
  }

  /** A map a row, from classes to scores: what ZipMap gives. */
  record Maps(List<?> keys, List<Step> steps) implements Answer {
    @Override
    public void write(Scratch scratch, int label, int row, int i, RowBuffers out) {
      double[] scores = stepped(scratch, steps);
      Map<Object, Object> map = new LinkedHashMap<>();
      for (int k = 0; k < keys.size(); k++) {
        map.put(keys.get(k), (float) scores[k]);
      }
      if (row == 0) {
        scratch.maps.clear();
      }
      scratch.maps.add(new MapValue(map));
    }

    @Override
    public ModelValue value(int n, int i, RowBuffers out) {
      throw new IllegalStateException("maps are values already");
    }

    @Override
    public boolean fits(ValueSpec declared) {
      return declared.kind() == ValueSpec.Kind.SEQUENCE;
    }
  }

  private static double[] stepped(Scratch scratch, List<Step> steps) {
    if (steps.isEmpty()) {
      return scratch.scores;
    }
    System.arraycopy(scratch.scores, 0, scratch.answer, 0, scratch.scores.length);
    for (int i = 0; i < steps.size(); i++) {
      steps.get(i).apply(scratch.answer);
    }
    return scratch.answer;
  }

  private static boolean isTensor(ValueSpec declared, DataType type, int elements) {
    return declared.kind() == ValueSpec.Kind.TENSOR
        && declared.type() == type
        && declared.rowShape().isFixed()
        && declared.rowShape().elements() == elements;
  }
}
