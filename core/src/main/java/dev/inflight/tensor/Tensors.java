package dev.inflight.tensor;

import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Objects;

/**
 * Named values: the row of a model that is used without a {@link dev.inflight.tensor.RowWriter
 * codec}, and its answer. In such a row, dimension 0 of every tensor is the number of rows it
 * stands for, where the model has such a dimension.
 *
 * <p>Invariant: names are distinct; order is the order of definition.
 */
public final class Tensors {
  private static final Tensors EMPTY = new Tensors(new String[0], new ModelValue[0]);

  private final String[] names;
  private final ModelValue[] values;

  private Tensors(String[] names, ModelValue[] values) {
    this.names = names;
    this.values = values;
  }

  /** {@return no values: the row of a model without inputs} */
  public static Tensors empty() {
    return EMPTY;
  }

  /** {@return one named value} */
  public static Tensors of(String name, ModelValue value) {
    return EMPTY.and(name, value);
  }

  /** {@return the values of the map, in its order} */
  public static Tensors of(Map<String, ? extends ModelValue> values) {
    String[] names = new String[values.size()];
    ModelValue[] array = new ModelValue[names.length];
    int i = 0;
    for (Map.Entry<String, ? extends ModelValue> entry : values.entrySet()) {
      names[i] = Objects.requireNonNull(entry.getKey(), "name");
      array[i++] = Objects.requireNonNull(entry.getValue(), entry.getKey());
    }
    return new Tensors(names, array);
  }

  /**
   * {@return values in the order of {@code names}, neither copied: for backends that answer every
   * call with the same names} The caller gives both arrays away.
   */
  public static Tensors adopt(String[] names, ModelValue[] values) {
    if (names.length != values.length) {
      throw new IllegalArgumentException(names.length + " names but " + values.length + " values");
    }
    return new Tensors(names, values);
  }

  /**
   * {@return these values and one more}
   *
   * @throws IllegalArgumentException if the name is taken
   */
  public Tensors and(String name, ModelValue value) {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(value, name);
    if (indexOf(name) >= 0) {
      throw new IllegalArgumentException("value '" + name + "' is there twice");
    }
    int n = names.length;
    String[] moreNames = java.util.Arrays.copyOf(names, n + 1);
    ModelValue[] moreValues = java.util.Arrays.copyOf(values, n + 1);
    moreNames[n] = name;
    moreValues[n] = value;
    return new Tensors(moreNames, moreValues);
  }

  /** {@return the number of values} */
  public int size() {
    return names.length;
  }

  /** {@return the names, in order} */
  public List<String> names() {
    return List.of(names);
  }

  /** {@return the name at {@code index}} */
  public String name(int index) {
    return names[index];
  }

  /** {@return the value at {@code index}} */
  public ModelValue value(int index) {
    return values[index];
  }

  /** {@return the position of the name, or -1} */
  public int indexOf(String name) {
    for (int i = 0; i < names.length; i++) {
      if (names[i].equals(name)) {
        return i;
      }
    }
    return -1;
  }

  /**
   * {@return the value of that name}
   *
   * @throws NoSuchElementException if there is none; the message lists the names
   */
  public ModelValue value(String name) {
    int index = indexOf(name);
    if (index < 0) {
      throw new NoSuchElementException("no value '" + name + "', there are " + names());
    }
    return values[index];
  }

  /**
   * {@return the tensor of that name}
   *
   * @throws NoSuchElementException if there is none
   * @throws IllegalStateException if the value is a sequence or a map
   */
  public Tensor tensor(String name) {
    ModelValue value = value(name);
    if (value instanceof Tensor tensor) {
      return tensor;
    }
    throw new IllegalStateException(
        "value '" + name + "' is a " + value.getClass().getSimpleName());
  }

  /** Two are equal when they have the same names with equal values, in any order. */
  @Override
  public boolean equals(Object other) {
    if (!(other instanceof Tensors that) || that.names.length != names.length) {
      return false;
    }
    for (int i = 0; i < names.length; i++) {
      int j = that.indexOf(names[i]);
      if (j < 0 || !values[i].equals(that.values[j])) {
        return false;
      }
    }
    return true;
  }

  @Override
  public int hashCode() {
    int hash = 0;
    for (int i = 0; i < names.length; i++) {
      hash += names[i].hashCode() ^ values[i].hashCode();
    }
    return hash;
  }

  /** {@return names, types and shapes, never elements} */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder("{");
    Iterator<String> iterator = names().iterator();
    for (int i = 0; iterator.hasNext(); i++) {
      text.append(i == 0 ? "" : ", ").append(iterator.next()).append('=');
      text.append(
          values[i] instanceof Tensor tensor
              ? tensor.toString()
              : values[i].getClass().getSimpleName());
    }
    return text.append('}').toString();
  }
}
