package dev.inflight;

import static dev.inflight.RecordNames.unreachable;

import dev.inflight.tensor.RowReader;
import dev.inflight.tensor.RowWriter;
import dev.inflight.tensor.Signature;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;

/** The codec of two records; the rule table is at {@link Codec#records}. */
final class RecordCodec<I extends Record, O extends Record> implements Codec<I, O> {
  private final Class<I> in;
  private final Class<O> out;

  RecordCodec(Class<I> in, Class<O> out) {
    this.in = in;
    this.out = out;
  }

  @Override
  public Bound<I, O> bind(ModelArtifact artifact, Signature signature) {
    return new BoundRecords<>(
        new RecordInputs(in).inputs(signature.inputs()),
        new RecordOutputs(out).outputs(signature.outputs()),
        constructor());
  }

  private record BoundRecords<I, O>(
      List<RecordInputs.Put> puts, List<RecordOutputs.Take> takes, MethodHandle constructor)
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
}
