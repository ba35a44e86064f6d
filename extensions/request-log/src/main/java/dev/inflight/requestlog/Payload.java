package dev.inflight.requestlog;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.lang.reflect.Array;
import java.util.AbstractList;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Named values as tensors of the Open Inference Protocol: name, shape, data type, and the elements
 * in row-major order. NaN and infinities are written as text, because JSON has no numbers for them.
 */
final class Payload {
  private static final int MAX_RANK = 8;

  private Payload() {}

  static void write(JsonGenerator json, Map<String, ?> values) throws IOException {
    json.writeStartArray();
    for (Map.Entry<String, ?> entry : values.entrySet()) {
      write(json, entry.getKey(), entry.getValue());
    }
    json.writeEndArray();
  }

  private static void write(JsonGenerator json, String name, @Nullable Object value)
      throws IOException {
    List<Integer> shape = new ArrayList<>();
    Object first = value;
    while (isMany(first)) {
      List<?> elements = elements(first, name);
      shape.add(elements.size());
      if (shape.size() > MAX_RANK) {
        throw refused(name, "at most " + MAX_RANK + " dimensions", first);
      }
      if (elements.isEmpty()) {
        break;
      }
      first = elements.get(0);
    }
    String type = isMany(first) ? emptyType(first) : type(name, first);
    json.writeStartObject();
    json.writeStringField("name", name);
    json.writeArrayFieldStart("shape");
    for (int dimension : shape.isEmpty() ? List.of(1) : shape) {
      json.writeNumber(dimension);
    }
    json.writeEndArray();
    json.writeStringField("datatype", type);
    json.writeArrayFieldStart("data");
    data(json, name, value, type, shape, 0);
    json.writeEndArray();
    json.writeEndObject();
  }

  private static boolean isMany(@Nullable Object value) {
    return value instanceof Collection || (value != null && value.getClass().isArray());
  }

  private static List<?> elements(@Nullable Object many, String name) {
    if (many instanceof Collection<?> collection) {
      return new ArrayList<>(collection);
    } else if (many instanceof Object[] array) {
      return Arrays.asList(array);
    } else if (many == null) {
      throw refused(name, "a value", null);
    }
    return new Primitives(many);
  }

  private static String type(String name, @Nullable Object leaf) {
    if (leaf instanceof Float) {
      return "FP32";
    } else if (leaf instanceof Double) {
      return "FP64";
    } else if (leaf instanceof Integer) {
      return "INT32";
    } else if (leaf instanceof Long) {
      return "INT64";
    } else if (leaf instanceof Short) {
      return "INT16";
    } else if (leaf instanceof Byte) {
      return "INT8";
    } else if (leaf instanceof Boolean) {
      return "BOOL";
    } else if (leaf instanceof CharSequence || leaf instanceof Enum || leaf instanceof Character) {
      return "BYTES";
    }
    throw refused(name, "numbers, booleans, text, enum constants or arrays of them", leaf);
  }

  private static String emptyType(@Nullable Object many) {
    Class<?> element = many == null ? Object.class : many.getClass().getComponentType();
    if (element == null || !element.isPrimitive()) {
      return "BYTES"; // nothing says otherwise
    }
    return type("", Array.get(Array.newInstance(element, 1), 0));
  }

  private static void data(
      JsonGenerator json,
      String name,
      @Nullable Object value,
      String type,
      List<Integer> shape,
      int depth)
      throws IOException {
    if (depth == shape.size()) {
      if (!type(name, value).equals(type)) {
        throw refused(name, "elements of one type, the first is " + type, value);
      }
      leaf(json, value);
      return;
    }
    List<?> elements = isMany(value) ? elements(value, name) : List.of();
    if (!isMany(value) || elements.size() != shape.get(depth)) {
      throw refused(name, shape.get(depth) + " elements in dimension " + depth, value);
    }
    for (Object element : elements) {
      data(json, name, element, type, shape, depth + 1);
    }
  }

  private static void leaf(JsonGenerator json, @Nullable Object value) throws IOException {
    if (value instanceof Float number) {
      json.writeNumber(number);
    } else if (value instanceof Double number) {
      json.writeNumber(number);
    } else if (value instanceof Number number) {
      json.writeNumber(number.longValue());
    } else if (value instanceof Boolean bool) {
      json.writeBoolean(bool);
    } else {
      json.writeString(String.valueOf(value));
    }
  }

  /** Says the class only: the value is what may not be shown. */
  private static IllegalArgumentException refused(
      String name, String expected, @Nullable Object got) {
    return new IllegalArgumentException(
        "'%s': expected %s, got %s"
            .formatted(name, expected, got == null ? "null" : got.getClass().getName()));
  }

  /** An array of primitives as a list. */
  private static final class Primitives extends AbstractList<Object> {
    private final Object array;

    Primitives(Object array) {
      this.array = array;
    }

    @Override
    public Object get(int index) {
      return Array.get(array, index);
    }

    @Override
    public int size() {
      return Array.getLength(array);
    }
  }
}
