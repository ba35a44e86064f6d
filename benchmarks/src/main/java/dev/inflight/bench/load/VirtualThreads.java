package dev.inflight.bench.load;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.jspecify.annotations.Nullable;

/** Virtual threads where the JDK has them; this code is compiled for one that has not. */
public final class VirtualThreads {
  private static final @Nullable MethodHandle START = find();

  private VirtualThreads() {}

  private static @Nullable MethodHandle find() {
    try {
      return MethodHandles.publicLookup()
          .findStatic(
              Thread.class,
              "startVirtualThread",
              MethodType.methodType(Thread.class, Runnable.class));
    } catch (NoSuchMethodException | IllegalAccessException e) {
      return null;
    }
  }

  /** {@return whether there are any; not as a preview, before JDK 21} */
  public static boolean exist() {
    return START != null && Runtime.version().feature() >= 21;
  }

  static void start(Runnable work) {
    if (START == null) {
      throw new UnsupportedOperationException("no virtual threads in this JDK");
    }
    try {
      var unused = (Thread) START.invokeExact(work);
    } catch (Throwable e) {
      throw new IllegalStateException(e);
    }
  }
}
