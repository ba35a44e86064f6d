package dev.inflight;

import static dev.inflight.RecordNames.componentNames;
import static dev.inflight.RecordNames.isCarried;
import static dev.inflight.RecordNames.isNumber;
import static dev.inflight.RecordNames.matching;
import static dev.inflight.RecordNames.mismatch;
import static dev.inflight.RecordNames.names;
import static dev.inflight.RecordNames.unreachable;

import dev.inflight.tensor.DataType;
import dev.inflight.tensor.RowWriter;
import dev.inflight.tensor.ValueSpec;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The half of {@link RecordCodec} that writes rows: which component goes to which input. */
final class RecordInputs {
  /** Writes one component of one row. */
  interface Put {
    void put(Object row, RowWriter writer) throws Throwable;
  }

  private final Class<? extends Record> in;

  RecordInputs(Class<? extends Record> in) {
    this.in = in;
  }

  /** One step per component, in the order of writing. */
  List<Put> inputs(List<ValueSpec> inputs) {
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

  private MethodHandle accessor(RecordComponent component) {
    try {
      component.getAccessor().setAccessible(true);
      return MethodHandles.lookup().unreflect(component.getAccessor());
    } catch (ReflectiveOperationException | RuntimeException e) {
      throw unreachable(in, e);
    }
  }
}
