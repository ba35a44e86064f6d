package dev.inflight.deploy;

import dev.inflight.deploy.Tolerance.Difference;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.RecordComponent;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads the components of one class of records, numbers without boxes. */
final class Components {
  private static final ClassValue<Optional<Components>> KNOWN =
      new ClassValue<>() {
        @Override
        protected Optional<Components> computeValue(Class<?> type) {
          return open(type);
        }
      };

  private enum Carrier {
    FLOAT,
    DOUBLE,
    INTEGER,
    OBJECT;

    static Carrier of(Class<?> type) {
      if (type == float.class) {
        return FLOAT;
      }
      if (type == double.class) {
        return DOUBLE;
      }
      boolean integer =
          type == int.class || type == long.class || type == short.class || type == byte.class;
      return integer ? INTEGER : OBJECT;
    }

    /** Of a handle that is called without boxes. */
    MethodType getter() {
      Class<?> carried =
          switch (this) {
            case FLOAT -> float.class;
            case DOUBLE -> double.class;
            case INTEGER -> long.class;
            case OBJECT -> Object.class;
          };
      return MethodType.methodType(carried, Object.class);
    }
  }

  private final String[] names;
  private final Carrier[] carriers;
  private final MethodHandle[] getters;

  private Components(String[] names, Carrier[] carriers, MethodHandle[] getters) {
    this.names = names;
    this.carriers = carriers;
    this.getters = getters;
  }

  /** Empty if the module of the record does not let us in. */
  static Optional<Components> of(Class<?> record) {
    return KNOWN.get(record);
  }

  private static Optional<Components> open(Class<?> record) {
    RecordComponent[] components = record.getRecordComponents();
    String[] names = new String[components.length];
    Carrier[] carriers = new Carrier[components.length];
    MethodHandle[] getters = new MethodHandle[components.length];
    try {
      for (int i = 0; i < components.length; i++) {
        names[i] = components[i].getName();
        carriers[i] = Carrier.of(components[i].getType());
        components[i].getAccessor().setAccessible(true);
        getters[i] =
            MethodHandles.lookup()
                .unreflect(components[i].getAccessor())
                .asType(carriers[i].getter());
      }
    } catch (ReflectiveOperationException | RuntimeException closed) {
      return Optional.empty();
    }
    return Optional.of(new Components(names, carriers, getters));
  }

  @Nullable Difference difference(Object expected, Object got, Comparison by) {
    for (int i = 0; i < getters.length; i++) {
      Difference found = difference(i, expected, got, by);
      if (found != null) {
        return found.in(names[i]);
      }
    }
    return null;
  }

  private @Nullable Difference difference(int i, Object expected, Object got, Comparison by) {
    MethodHandle get = getters[i];
    Closeness closeness = by.closeness();
    try {
      return switch (carriers[i]) {
        case FLOAT ->
            closeness.floats((float) get.invokeExact(expected), (float) get.invokeExact(got));
        case DOUBLE ->
            closeness.doubles((double) get.invokeExact(expected), (double) get.invokeExact(got));
        case INTEGER ->
            closeness.integers((long) get.invokeExact(expected), (long) get.invokeExact(got));
        case OBJECT ->
            by.difference((Object) get.invokeExact(expected), (Object) get.invokeExact(got));
      };
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw threw(e);
    }
  }

  boolean areFinite(Object record) {
    for (int i = 0; i < getters.length; i++) {
      if (!isFinite(i, record)) {
        return false;
      }
    }
    return true;
  }

  private boolean isFinite(int i, Object record) {
    MethodHandle get = getters[i];
    try {
      return switch (carriers[i]) {
        case FLOAT -> Float.isFinite((float) get.invokeExact(record));
        case DOUBLE -> Double.isFinite((double) get.invokeExact(record));
        case INTEGER -> true;
        case OBJECT -> Finiteness.of((Object) get.invokeExact(record));
      };
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw threw(e);
    }
  }

  private static IllegalStateException threw(Throwable e) {
    return new IllegalStateException("a record's accessor threw", e);
  }
}
