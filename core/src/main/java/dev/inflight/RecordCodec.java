package dev.inflight;

import dev.inflight.tensor.DataType;
import dev.inflight.tensor.MapValue;
import dev.inflight.tensor.ModelValue;
import dev.inflight.tensor.RowReader;
import dev.inflight.tensor.RowWriter;
import dev.inflight.tensor.Signature;
import dev.inflight.tensor.ValueSpec;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The codec of two records; the rule table is at {@link Codec#records}. */
final class RecordCodec<I extends Record, O extends Record> implements Codec<I, O> {
  /** Writes one component of one row. */
  private interface Put {
    void put(Object row, RowWriter writer) throws Throwable;
  }

  /** Reads one component of one answer. */
  private interface Take {
    Object take(RowReader reader);
  }

  private final Class<I> in;
  private final Class<O> out;

  RecordCodec(Class<I> in, Class<O> out) {
    this.in = in;
    this.out = out;
  }

  @Override
  public Bound<I, O> bind(ModelArtifact artifact, Signature signature) {
    List<Put> puts = inputs(signature.inputs());
    List<Take> takes = new ArrayList<>();
    for (RecordComponent component : out.getRecordComponents()) {
      takes.add(output(component, signature.outputs()));
    }
    return new BoundRecords<>(puts, List.copyOf(takes), constructor());
  }

  private record BoundRecords<I, O>(List<Put> puts, List<Take> takes, MethodHandle constructor)
      implements Bound<I, O> {
    @Override
    public void encode(I row, RowWriter writer) {
      try {
        for (int i = 0; i < puts.size(); i++) {
          puts.get(i).put(row, writer);
        }
      } catch (RuntimeException | Error e) {
        throw e;
      } catch (Throwable e) {
        throw new IllegalStateException("a record's accessor threw", e);
      }
    }

    @Override
    @SuppressWarnings("unchecked")
    public O decode(RowReader reader) {
      Object[] values = new Object[takes.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = takes.get(i).take(reader);
      }
      try {
        return (O) constructor.invokeExact(values);
      } catch (RuntimeException | Error e) {
        throw e;
      } catch (Throwable e) {
        throw new IllegalStateException("a record's constructor threw", e);
      }
    }
  }

  // ---- row to inputs

  private List<Put> inputs(List<ValueSpec> inputs) {
    RecordComponent[] components = in.getRecordComponents();
    boolean scalars = Arrays.stream(components).allMatch(c -> isNumber(c.getType()));
    if (inputs.size() == 1 && scalars && components.length > 0) {
      ValueSpec spec = inputs.get(0);
      if (!spec.columns().isEmpty()) {
        return columns(spec, components);
      }
      boolean byName =
          components.length == 1 || matching(components[0].getName(), names(inputs)) >= 0;
      if (!byName && spec.rowShape().isFixed() && spec.rowShape().elements() == components.length) {
        List<Put> puts = new ArrayList<>();
        for (RecordComponent component : components) {
          puts.add(put(component, 0, spec));
        }
        return puts;
      }
    }
    List<Put> puts = new ArrayList<>();
    boolean[] fed = new boolean[inputs.size()];
    for (RecordComponent component : components) {
      int at = matching(component.getName(), names(inputs));
      if (at < 0 && components.length == 1 && inputs.size() == 1) {
        at = 0;
      }
      if (at < 0) {
        throw mismatch(
            in,
            component,
            "an input that matches its name, or one input with as many elements a row as the"
                + " record has components",
            inputs);
      }
      fed[at] = true;
      puts.add(put(component, at, inputs.get(at)));
    }
    for (int i = 0; i < fed.length; i++) {
      if (!fed[i] && !inputs.get(i).optional()) {
        throw new IllegalArgumentException(
            in.getSimpleName()
                + ": expected a component for input "
                + inputs.get(i)
                + ", got "
                + componentNames(in));
      }
    }
    return puts;
  }

  /** In the order of the columns, because a row is written front to back. */
  private List<Put> columns(ValueSpec spec, RecordComponent[] components) {
    List<String> names = Arrays.stream(components).map(RecordComponent::getName).toList();
    List<Put> puts = new ArrayList<>();
    for (String column : spec.columns()) {
      int at = matching(column, names);
      if (at < 0) {
        throw new IllegalArgumentException(
            in.getSimpleName()
                + ": expected a component for column '"
                + column
                + "' of input '"
                + spec.name()
                + "', got "
                + names);
      }
      puts.add(put(components[at], 0, spec));
    }
    for (RecordComponent component : components) {
      if (matching(component.getName(), spec.columns()) < 0) {
        throw mismatch(in, component, "a column of input '" + spec.name() + "'", spec.columns());
      }
    }
    return puts;
  }

  private Put put(RecordComponent component, int input, ValueSpec spec) {
    Class<?> type = component.getType();
    MethodHandle accessor = accessor(component);
    boolean text = type == String.class || type == String[].class;
    if (spec.kind() != ValueSpec.Kind.TENSOR
        || text != (spec.type() == DataType.STRING)
        || !isCarried(spec.type())) {
      throw mismatch(
          in, component, "a type that input " + spec + " can take", type.getSimpleName());
    }
    if (type == String.class) {
      MethodHandle get = accessor.asType(MethodType.methodType(String.class, Object.class));
      return (row, writer) -> writer.put(input, (String) get.invokeExact(row));
    }
    if (type == float.class || type == double.class) {
      MethodHandle get = accessor.asType(MethodType.methodType(double.class, Object.class));
      return (row, writer) -> writer.put(input, (double) get.invokeExact(row));
    }
    if (type == boolean.class) {
      MethodHandle get = accessor.asType(MethodType.methodType(boolean.class, Object.class));
      return (row, writer) -> writer.put(input, (boolean) get.invokeExact(row) ? 1L : 0L);
    }
    if (isNumber(type)) {
      MethodHandle get = accessor.asType(MethodType.methodType(long.class, Object.class));
      return (row, writer) -> writer.put(input, (long) get.invokeExact(row));
    }
    return array(component, accessor, input, spec);
  }

  private Put array(RecordComponent component, MethodHandle accessor, int input, ValueSpec spec) {
    boolean open = !spec.rowShape().isFixed();
    if (open && spec.rowShape().rank() != 1) {
      throw mismatch(
          in, component, "a row with a single open dimension in input " + spec, "an array");
    }
    MethodHandle get = accessor.asType(MethodType.methodType(Object.class, Object.class));
    Class<?> type = component.getType();
    if (type == float[].class && spec.type() == DataType.FLOAT32) {
      return (row, writer) -> {
        float[] values = (float[]) array(get.invokeExact(row), component);
        size(writer, input, open, values.length);
        java.nio.FloatBuffer view = writer.floats(input);
        fits(component, values.length, view.remaining());
        view.put(values);
      };
    }
    if (type == float[].class) {
      return (row, writer) -> {
        float[] values = (float[]) array(get.invokeExact(row), component);
        size(writer, input, open, values.length);
        for (float value : values) {
          writer.put(input, (double) value);
        }
      };
    }
    if (type == double[].class) {
      return (row, writer) -> {
        double[] values = (double[]) array(get.invokeExact(row), component);
        size(writer, input, open, values.length);
        for (double value : values) {
          writer.put(input, value);
        }
      };
    }
    if (type == long[].class) {
      return (row, writer) -> {
        long[] values = (long[]) array(get.invokeExact(row), component);
        size(writer, input, open, values.length);
        for (long value : values) {
          writer.put(input, value);
        }
      };
    }
    if (type == int[].class) {
      return (row, writer) -> {
        int[] values = (int[]) array(get.invokeExact(row), component);
        size(writer, input, open, values.length);
        for (int value : values) {
          writer.put(input, (long) value);
        }
      };
    }
    if (type == String[].class) {
      return (row, writer) -> {
        String[] values = (String[]) array(get.invokeExact(row), component);
        size(writer, input, open, values.length);
        for (String value : values) {
          writer.put(input, value);
        }
      };
    }
    throw mismatch(
        in,
        component,
        "a number, boolean, String, or an array of float, double, long, int or String",
        type.getSimpleName());
  }

  private static Object array(@Nullable Object values, RecordComponent component) {
    if (values == null) {
      throw new IllegalArgumentException("component '" + component.getName() + "' is null");
    }
    return values;
  }

  private static void size(RowWriter writer, int input, boolean open, int length) {
    if (open) {
      writer.dims(input, length);
    }
  }

  private static void fits(RecordComponent component, int length, int room) {
    if (length > room) {
      throw new IllegalArgumentException(
          "component '" + component.getName() + "': expected " + room + " elements, got " + length);
    }
  }

  // ---- outputs to answer

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

  // ---- names and types

  private static List<String> names(List<ValueSpec> specs) {
    return specs.stream().map(ValueSpec::name).toList();
  }

  private static List<String> componentNames(Class<?> type) {
    return Arrays.stream(type.getRecordComponents()).map(RecordComponent::getName).toList();
  }

  /** The position of the name that matches; -1 if there is none. */
  private static int matching(String name, List<String> names) {
    int exact = names.indexOf(name);
    if (exact >= 0) {
      return exact;
    }
    int found = -1;
    for (int i = 0; i < names.size(); i++) {
      if (plain(names.get(i)).equals(plain(name))) {
        if (found >= 0) {
          throw new IllegalArgumentException(
              "name '"
                  + name
                  + "' matches both '"
                  + names.get(found)
                  + "' and '"
                  + names.get(i)
                  + "'");
        }
        found = i;
      }
    }
    return found;
  }

  private static String plain(String name) {
    StringBuilder text = new StringBuilder();
    name.codePoints().filter(Character::isLetterOrDigit).forEach(text::appendCodePoint);
    return text.toString().toLowerCase(Locale.ROOT);
  }

  private static boolean isNumber(Class<?> type) {
    return type.isPrimitive() && type != char.class;
  }

  /**
   * Half floats and narrower have no Java value: a codec of the user's own must say what to do with
   * the bits.
   */
  private static boolean isCarried(DataType type) {
    return switch (type) {
      case FLOAT32,
          FLOAT64,
          INT8,
          INT16,
          INT32,
          INT64,
          UINT8,
          UINT16,
          UINT32,
          UINT64,
          BOOL,
          STRING ->
          true;
      default -> false;
    };
  }

  private static IllegalArgumentException mismatch(
      Class<?> record, RecordComponent component, String expected, Object got) {
    return new IllegalArgumentException(
        record.getSimpleName()
            + "."
            + component.getName()
            + " ("
            + component.getType().getSimpleName()
            + "): expected "
            + expected
            + ", got "
            + got);
  }

  private MethodHandle accessor(RecordComponent component) {
    try {
      component.getAccessor().setAccessible(true);
      return MethodHandles.lookup().unreflect(component.getAccessor());
    } catch (ReflectiveOperationException | RuntimeException e) {
      throw unreachable(in, e);
    }
  }

  private MethodHandle constructor() {
    RecordComponent[] components = out.getRecordComponents();
    Class<?>[] types =
        Arrays.stream(components).map(RecordComponent::getType).toArray(Class<?>[]::new);
    try {
      var constructor = out.getDeclaredConstructor(types);
      constructor.setAccessible(true);
      return MethodHandles.lookup()
          .unreflectConstructor(constructor)
          .asSpreader(Object[].class, types.length)
          .asType(MethodType.methodType(Object.class, Object[].class));
    } catch (ReflectiveOperationException | RuntimeException e) {
      throw unreachable(out, e);
    }
  }

  private static IllegalArgumentException unreachable(Class<?> record, Exception e) {
    return new IllegalArgumentException(
        record.getName() + ": its package must be open to dev.inflight (opens ... to dev.inflight)",
        e);
  }
}
