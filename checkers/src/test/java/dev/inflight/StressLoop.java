package dev.inflight;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.Outcome;

/**
 * Runs a jcstress test inside this JVM for a moment, from whatever class loader it comes: many
 * fresh states at a time, one thread per actor. Less thorough than jcstress and a hundred times
 * quicker.
 */
final class StressLoop {
  private static final int STRIDE = 128;

  private final Class<?> test;
  private final List<MethodHandle> actors = new ArrayList<>();
  private final List<String> acceptable = new ArrayList<>();
  private MethodHandle arbiter;
  private Class<?> result;
  private long rounds;

  StressLoop(Class<?> test) throws ReflectiveOperationException {
    this.test = test;
    for (Outcome outcome : test.getAnnotationsByType(Outcome.class)) {
      if (outcome.expect() == Expect.ACCEPTABLE) {
        acceptable.addAll(List.of(outcome.id()));
      }
    }
    for (Method method : test.getMethods()) {
      if (method.isAnnotationPresent(Actor.class)) {
        actors.add(handle(method));
      } else if (method.isAnnotationPresent(Arbiter.class)) {
        arbiter = handle(method);
      }
    }
  }

  private MethodHandle handle(Method method) throws IllegalAccessException {
    MethodHandle handle = MethodHandles.lookup().unreflect(method);
    if (method.getParameterCount() == 0) {
      return MethodHandles.dropArguments(handle, 1, Object.class)
          .asType(
              handle
                  .type()
                  .generic()
                  .appendParameterTypes(Object.class)
                  .changeReturnType(void.class));
    }
    result = method.getParameterTypes()[0];
    return handle.asType(handle.type().generic().changeReturnType(void.class));
  }

  long rounds() {
    return rounds;
  }

  /** The first outcome that is not acceptable, or null if there was none in {@code nanos}. */
  String run(long nanos) throws Exception {
    long begin = System.nanoTime();
    do {
      String forbidden = stride();
      if (forbidden != null) {
        return forbidden;
      }
    } while (System.nanoTime() - begin < nanos);
    return null;
  }

  private String stride() throws Exception {
    Object[] states = new Object[STRIDE];
    Object[] results = new Object[STRIDE];
    for (int i = 0; i < STRIDE; i++) {
      states[i] = test.getConstructor().newInstance();
      results[i] = result.getConstructor().newInstance();
    }
    AtomicInteger ready = new AtomicInteger();
    List<Throwable> failures = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    for (MethodHandle actor : actors) {
      Thread thread = new Thread(() -> act(actor, states, results, ready));
      thread.setUncaughtExceptionHandler((t, e) -> failures.add(e));
      thread.start();
      threads.add(thread);
    }
    for (Thread thread : threads) {
      thread.join();
    }
    if (!failures.isEmpty()) {
      return "an actor failed: " + failures.get(0);
    }
    for (int i = 0; i < STRIDE; i++) {
      rounds++;
      try {
        if (arbiter != null) {
          arbiter.invokeExact(states[i], results[i]);
        }
      } catch (Throwable e) {
        return "the arbiter failed: " + e;
      }
      if (!acceptable.contains(results[i].toString())) {
        return results[i].toString();
      }
    }
    return null;
  }

  /** The actors meet before every state: without it they drift apart and hardly ever collide. */
  @SuppressWarnings("ThreadPriorityCheck") // only so that a busy machine gets on
  private void act(MethodHandle actor, Object[] states, Object[] results, AtomicInteger ready) {
    try {
      for (int i = 0; i < STRIDE; i++) {
        ready.incrementAndGet();
        for (int spins = 0; ready.get() < (i + 1) * actors.size(); spins++) {
          if (spins > 200) {
            Thread.yield();
          }
        }
        actor.invokeExact(states[i], results[i]);
      }
    } catch (Throwable e) {
      ready.addAndGet(STRIDE * actors.size()); // nobody waits for this one
      throw new AssertionError(e);
    }
  }
}
