package dev.inflight;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Private counters of the engine that no method shows. */
final class Insides {
  private static final VarHandle CALLS = field(ModelSlot.class, "waiting", AtomicInteger.class);
  private static final VarHandle BYTES = field(Line.class, "bytes", AtomicLong.class);

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

  static int bytes(Line<?, ?> line) {
    return ((AtomicLong) BYTES.get(line)).intValue();
  }
}
