package dev.inflight.deploy;

import dev.inflight.deploy.Tolerance.Difference;
import dev.inflight.deploy.Tolerance.Difference.Kind;
import dev.inflight.tensor.MapValue;
import dev.inflight.tensor.SequenceValue;
import dev.inflight.tensor.Tensor;
import dev.inflight.tensor.Tensors;
import java.lang.reflect.Array;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import org.jspecify.annotations.Nullable;

/**
 * Walks two answers side by side. Null means the same; the way to a difference is put together on
 * the way back, so answers that are the same cost no paths.
 */
final class Comparison {
  private final Closeness closeness;
  private final TensorComparison tensors;

  Comparison(Closeness closeness) {
    this.closeness = closeness;
    tensors = new TensorComparison(closeness);
  }

  Closeness closeness() {
    return closeness;
  }

  @Nullable Difference difference(@Nullable Object expected, @Nullable Object got) {
    if (expected == got) {
      return null;
    }
    if (expected == null || got == null) {
      return new Difference(Kind.MISSING, 0);
    }
    if (expected instanceof Number e && got instanceof Number g) {
      return numbers(e, g);
    }
    if (expected instanceof CharSequence e && got instanceof CharSequence g) {
      return label(CharSequence.compare(e, g) == 0);
    }
    if (expected instanceof Enum<?> e && got instanceof Enum<?> g) {
      return e.getDeclaringClass() == g.getDeclaringClass() ? label(false) : type();
    }
    if (expected instanceof List<?> e && got instanceof List<?> g) {
      return lists(e, g);
    }
    if (expected instanceof Object[] e && got instanceof Object[] g) {
      return lists(Arrays.asList(e), Arrays.asList(g));
    }
    if (expected instanceof Map<?, ?> e && got instanceof Map<?, ?> g) {
      return maps(e, g);
    }
    if (expected.getClass() != got.getClass()) {
      return type();
    }
    if (expected instanceof Record) {
      return records(expected, got);
    }
    return expected.getClass().isArray() ? arrays(expected, got) : others(expected, got);
  }

  /** Of the same class. */
  private @Nullable Difference records(Object expected, Object got) {
    if (expected instanceof SequenceValue e) {
      return lists(e.values(), ((SequenceValue) got).values());
    }
    if (expected instanceof MapValue e) {
      return maps(e.entries(), ((MapValue) got).entries());
    }
    Optional<Components> components = Components.of(expected.getClass());
    return components.isPresent()
        ? components.get().difference(expected, got, this)
        : label(expected.equals(got));
  }

  /** Of the same class. */
  private @Nullable Difference arrays(Object expected, Object got) {
    if (expected instanceof float[] e) {
      return floats(e, (float[]) got);
    }
    if (expected instanceof double[] e) {
      return doubles(e, (double[]) got);
    }
    int length = Array.getLength(expected);
    if (length != Array.getLength(got)) {
      return shape(length, Array.getLength(got));
    }
    if (areSame(expected, got)) {
      return null;
    }
    for (int i = 0; i < length; i++) {
      Difference found = difference(Array.get(expected, i), Array.get(got, i));
      if (found != null) {
        return found.at(i);
      }
    }
    return null;
  }

  /** Saves most answers a look at every element. */
  private static boolean areSame(Object expected, Object got) {
    if (expected instanceof int[] e) {
      return Arrays.equals(e, (int[]) got);
    }
    return expected instanceof long[] e && Arrays.equals(e, (long[]) got);
  }

  /** Of the same class. */
  private @Nullable Difference others(Object expected, Object got) {
    if (expected instanceof Tensor e) {
      return tensors.difference(e, (Tensor) got);
    }
    if (expected instanceof Tensors e) {
      return named(e, (Tensors) got);
    }
    if (expected instanceof Optional<?> e) {
      return difference(e.orElse(null), ((Optional<?>) got).orElse(null));
    }
    if (expected instanceof OptionalDouble e) {
      OptionalDouble g = (OptionalDouble) got;
      if (e.isEmpty() || g.isEmpty()) {
        return e.isPresent() == g.isPresent() ? null : new Difference(Kind.MISSING, 0);
      }
      return closeness.doubles(e.getAsDouble(), g.getAsDouble());
    }
    return label(expected.equals(got));
  }

  private @Nullable Difference numbers(Number expected, Number got) {
    if (expected.getClass() != got.getClass()) {
      return type();
    }
    if (expected instanceof Float) {
      return closeness.floats(expected.floatValue(), got.floatValue());
    }
    if (expected instanceof Double) {
      return closeness.doubles(expected.doubleValue(), got.doubleValue());
    }
    if (expected instanceof Integer
        || expected instanceof Long
        || expected instanceof Short
        || expected instanceof Byte) {
      return closeness.integers(expected.longValue(), got.longValue());
    }
    return label(expected.equals(got));
  }

  private @Nullable Difference floats(float[] expected, float[] got) {
    if (Arrays.equals(expected, got)) {
      return null;
    }
    if (expected.length != got.length) {
      return shape(expected.length, got.length);
    }
    for (int i = 0; i < expected.length; i++) {
      Difference found = closeness.floats(expected[i], got[i]);
      if (found != null) {
        return found.at(i);
      }
    }
    return closeness.ranks()
        ? Ranking.order(closeness.count(), expected.length, i -> expected[i], i -> got[i])
        : null;
  }

  private @Nullable Difference doubles(double[] expected, double[] got) {
    if (Arrays.equals(expected, got)) {
      return null;
    }
    if (expected.length != got.length) {
      return shape(expected.length, got.length);
    }
    for (int i = 0; i < expected.length; i++) {
      Difference found = closeness.doubles(expected[i], got[i]);
      if (found != null) {
        return found.at(i);
      }
    }
    return closeness.ranks()
        ? Ranking.order(closeness.count(), expected.length, i -> expected[i], i -> got[i])
        : null;
  }

  private @Nullable Difference lists(List<?> expected, List<?> got) {
    if (expected.size() != got.size()) {
      return shape(expected.size(), got.size());
    }
    Iterator<?> others = got.iterator();
    int i = 0;
    for (Object element : expected) {
      Difference found = difference(element, others.next());
      if (found != null) {
        return found.at(i);
      }
      i++;
    }
    return closeness.ranks()
        ? Ranking.order(closeness.count(), expected.toArray(), got.toArray())
        : null;
  }

  private @Nullable Difference maps(Map<?, ?> expected, Map<?, ?> got) {
    int i = 0;
    for (Map.Entry<?, ?> entry : expected.entrySet()) {
      Object key = entry.getKey();
      Difference found =
          has(got, key)
              ? difference(entry.getValue(), got.get(key))
              : new Difference(Kind.MISSING, 1);
      if (found != null) {
        return key instanceof Enum<?> constant
            ? found.in("[" + constant.name() + "]")
            : found.at(i);
      }
      i++;
    }
    if (got.size() != expected.size()) {
      return new Difference(Kind.MISSING, Math.abs(got.size() - expected.size()));
    }
    return closeness.ranks()
        ? Ranking.order(
            closeness.count(),
            expected.values().toArray(),
            expected.keySet().stream().map(got::get).toArray())
        : null;
  }

  /** A map may refuse to be asked for a key that it cannot have. */
  private static boolean has(Map<?, ?> map, @Nullable Object key) {
    try {
      return map.containsKey(key);
    } catch (ClassCastException | NullPointerException refused) {
      return false;
    }
  }

  private @Nullable Difference named(Tensors expected, Tensors got) {
    for (int i = 0; i < expected.size(); i++) {
      int at = got.indexOf(expected.name(i));
      Difference found =
          at < 0 ? new Difference(Kind.MISSING, 0) : difference(expected.value(i), got.value(at));
      if (found != null) {
        return found.in(expected.name(i));
      }
    }
    for (int i = 0; i < got.size(); i++) {
      if (expected.indexOf(got.name(i)) < 0) {
        return new Difference(got.name(i), Kind.MISSING, 0);
      }
    }
    return null;
  }

  private static @Nullable Difference label(boolean same) {
    return same ? null : new Difference(Kind.LABEL, 0);
  }

  private static Difference type() {
    return new Difference(Kind.TYPE, 0);
  }

  static Difference shape(long expected, long got) {
    return new Difference(Kind.SHAPE, Math.abs((double) got - (double) expected));
  }
}
