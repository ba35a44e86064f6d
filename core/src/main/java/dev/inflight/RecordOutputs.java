package dev.inflight;

import static dev.inflight.RecordNames.isCarried;
import static dev.inflight.RecordNames.isNumber;
import static dev.inflight.RecordNames.matching;
import static dev.inflight.RecordNames.mismatch;
import static dev.inflight.RecordNames.names;

import dev.inflight.tensor.DataType;
import dev.inflight.tensor.MapValue;
import dev.inflight.tensor.ModelValue;
import dev.inflight.tensor.RowReader;
import dev.inflight.tensor.ValueSpec;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The half of {@link RecordCodec} that reads answers: which output a component takes. */
final class RecordOutputs {
  /** Reads one component of one answer. */
  interface Take {
    Object take(RowReader reader);
  }

  private final Class<? extends Record> out;

  RecordOutputs(Class<? extends Record> out) {
    this.out = out;
  }

  /** One step per component, in the order of the constructor's parameters. */
  List<Take> outputs(List<ValueSpec> outputs) {
    List<Take> takes = new ArrayList<>();
    for (RecordComponent component : out.getRecordComponents()) {
      takes.add(output(component, outputs));
    }
    return takes;
  }

  private Take output(RecordComponent component, List<ValueSpec> outputs) {
    String name = component.getName();
    int at = matching(name, names(outputs));
    if (at < 0 && name.equals("probability") && isNumber(component.getType())) {
      int all = matching("probabilities", names(outputs));
      all = all < 0 ? matching("output_probability", names(outputs)) : all;
      if (all >= 0) {
        return greatest(component, all, outputs.get(all));
      }
    }
    if (at < 0) {
      at = matching("output_" + name, names(outputs));
    }
    for (int i = 0; at < 0 && i < outputs.size(); i++) {
      int column = matching(name, outputs.get(i).columns());
      if (column >= 0 && isNumber(component.getType())) {
        return number(component, i, column, outputs.get(i));
      }
    }
    if (at < 0 && out.getRecordComponents().length == 1 && outputs.size() == 1) {
      at = 0;
    }
    if (at < 0) {
      throw mismatch(out, component, "an output that matches its name", outputs);
    }
    return take(component, at, outputs.get(at));
  }

  private Take take(RecordComponent component, int output, ValueSpec spec) {
    Class<?> type = component.getType();
    if (type == Map.class) {
      return map(component, output, spec);
    }
    boolean text = type == String.class || type == String[].class;
    boolean whole = spec.type() == DataType.INT64 || spec.type() == DataType.INT32;
    if (type == String.class && whole && spec.kind() == ValueSpec.Kind.TENSOR) {
      return reader -> Long.toString(reader.integer(output, one(reader, output, spec)));
    }
    if (spec.kind() != ValueSpec.Kind.TENSOR
        || text != (spec.type() == DataType.STRING)
        || !isCarried(spec.type())) {
      throw mismatch(
          out, component, "a type that output " + spec + " can give", type.getSimpleName());
    }
    if (type == String.class) {
      return reader -> reader.string(output, one(reader, output, spec));
    }
    if (isNumber(type)) {
      return number(component, output, -1, spec);
    }
    if (type == float[].class) {
      return reader -> {
        float[] values = new float[reader.elements(output)];
        for (int i = 0; i < values.length; i++) {
          values[i] = (float) reader.number(output, i);
        }
        return values;
      };
    }
    if (type == double[].class) {
      return reader -> {
        double[] values = new double[reader.elements(output)];
        for (int i = 0; i < values.length; i++) {
          values[i] = reader.number(output, i);
        }
        return values;
      };
    }
    if (type == long[].class) {
      return reader -> {
        long[] values = new long[reader.elements(output)];
        for (int i = 0; i < values.length; i++) {
          values[i] = reader.integer(output, i);
        }
        return values;
      };
    }
    if (type == String[].class) {
      return reader -> {
        String[] values = new String[reader.elements(output)];
        for (int i = 0; i < values.length; i++) {
          values[i] = reader.string(output, i);
        }
        return values;
      };
    }
    throw mismatch(
        out,
        component,
        "a number, boolean, String, Map, or an array of float, double, long or String",
        type.getSimpleName());
  }

  private static int one(RowReader reader, int output, ValueSpec spec) {
    if (reader.elements(output) != 1) {
      throw new IllegalStateException(
          "output " + spec + ": expected one element a row, got " + reader.elements(output));
    }
    return 0;
  }

  /** {@code index} -1: the only element of the row. */
  private Take number(RecordComponent component, int output, int index, ValueSpec spec) {
    Class<?> type = component.getType();
    boolean floating = spec.type() == DataType.FLOAT32 || spec.type() == DataType.FLOAT64;
    if (spec.kind() != ValueSpec.Kind.TENSOR
        || !isCarried(spec.type())
        || spec.type() == DataType.STRING) {
      throw mismatch(out, component, "a number in output " + spec, type.getSimpleName());
    }
    if (type == float.class) {
      return reader -> (float) reader.number(output, index < 0 ? one(reader, output, spec) : index);
    }
    if (type == double.class) {
      return reader -> reader.number(output, index < 0 ? one(reader, output, spec) : index);
    }
    if (floating) {
      throw mismatch(out, component, "float or double for output " + spec, type.getSimpleName());
    }
    if (type == long.class) {
      return reader -> reader.integer(output, index < 0 ? one(reader, output, spec) : index);
    }
    if (type == int.class) {
      return reader ->
          Math.toIntExact(reader.integer(output, index < 0 ? one(reader, output, spec) : index));
    }
    if (type == boolean.class) {
      return reader -> reader.integer(output, index < 0 ? one(reader, output, spec) : index) != 0;
    }
    throw mismatch(out, component, "float, double, long, int or boolean", type.getSimpleName());
  }

  private Take greatest(RecordComponent component, int output, ValueSpec spec) {
    Class<?> type = component.getType();
    if (type != float.class && type != double.class) {
      throw mismatch(out, component, "float or double", type.getSimpleName());
    }
    return reader -> {
      double best = Double.NEGATIVE_INFINITY;
      if (spec.kind() == ValueSpec.Kind.TENSOR) {
        int n = reader.elements(output);
        for (int i = 0; i < n; i++) {
          best = Math.max(best, reader.number(output, i));
        }
      } else {
        for (Object value : entries(reader.value(output), spec).values()) {
          best = Math.max(best, ((Number) value).doubleValue());
        }
      }
      if (type == float.class) {
        return (float) best;
      }
      return best;
    };
  }

  private Take map(RecordComponent component, int output, ValueSpec spec) {
    boolean floats =
        component.getGenericType() instanceof ParameterizedType generic
            && generic.getActualTypeArguments()[1] == Float.class;
    boolean doubles =
        component.getGenericType() instanceof ParameterizedType generic
            && generic.getActualTypeArguments()[1] == Double.class;
    boolean named = spec.kind() != ValueSpec.Kind.TENSOR || !spec.columns().isEmpty();
    if (!named || !(floats || doubles)) {
      throw mismatch(
          out,
          component,
          "Map<String, Float> or Map<String, Double> and an output with names for " + spec,
          component.getGenericType());
    }
    return reader -> {
      Map<String, Object> values = new LinkedHashMap<>();
      if (spec.kind() == ValueSpec.Kind.TENSOR) {
        for (int i = 0; i < spec.columns().size(); i++) {
          values.put(spec.columns().get(i), boxed(reader.number(output, i), floats));
        }
      } else {
        entries(reader.value(output), spec)
            .forEach(
                (key, value) ->
                    values.put(key.toString(), boxed(((Number) value).doubleValue(), floats)));
      }
      return values;
    };
  }

  private static Object boxed(double value, boolean asFloat) {
    if (asFloat) {
      return (float) value;
    }
    return value;
  }

  private static Map<Object, Object> entries(ModelValue value, ValueSpec spec) {
    if (value instanceof MapValue map) {
      return map.entries();
    }
    throw new IllegalStateException("output " + spec + ": expected a map a row, got " + value);
  }
}
