package dev.inflight;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Private counters and states of the engine that no method shows. */
final class Insides {
  private static final VarHandle CALLS = field(ModelSlot.class, "waiting", AtomicInteger.class);
  private static final VarHandle BYTES = field(Line.class, "bytes", AtomicLong.class);
  private static final VarHandle STATE = field(Call.class, "state", int.class);
  private static final int DONE = 2;

  private Insides() {}

  private static VarHandle field(Class<?> of, String name, Class<?> type) {
    try {
      return MethodHandles.privateLookupIn(of, MethodHandles.lookup())
          .findVarHandle(of, name, type);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }

  /** Calls that were accepted and have not ended. */
  static int calls(ModelSlot<?, ?> slot) {
    return ((AtomicInteger) CALLS.get(slot)).get();
  }

  /** Whether it has ended with an answer. */
  static boolean isDone(Call<?, ?> call) {
    return (int) STATE.getVolatile(call) == DONE;
  }

  static int bytes(Line<?, ?> line) {
    return ((AtomicLong) BYTES.get(line)).intValue();
  }
}
