package dev.inflight;

import java.util.concurrent.atomic.AtomicIntegerArray;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.jetbrains.lincheck.datastructures.Validate;

/**
 * The bulkhead against a counter. What {@code leave} says may differ from a counter's, as long as
 * whoever starves is told: so it is looked at in the end, not compared.
 */
@Param(name = "thread", gen = ThreadIdGen.class)
public class BulkheadHistory {
  private static final int LIMIT = 1;
  private static final int THREADS = 3;

  private final Bulkhead bulkhead = new Bulkhead(LIMIT);
  private final AtomicIntegerArray held = new AtomicIntegerArray(THREADS);
  private final AtomicIntegerArray waits = new AtomicIntegerArray(THREADS);

  @Operation(params = "thread")
  public boolean enter(int thread) {
    if (!bulkhead.tryEnter()) {
      return false;
    }
    held.incrementAndGet(thread);
    return true;
  }

  @Operation(params = "thread")
  public boolean leave(int thread) {
    if (held.get(thread) == 0) {
      return false;
    }
    held.decrementAndGet(thread);
    if (bulkhead.leave()) {
      for (int i = 0; i < THREADS; i++) {
        waits.set(i, 0);
      }
    }
    return true;
  }

  @Operation(params = "thread")
  public boolean starves(int thread) {
    waits.set(thread, 1); // before: a place that is left from here on is left to this thread too
    boolean full = bulkhead.starves();
    if (!full) {
      waits.set(thread, 0);
    }
    return full;
  }

  @Validate
  public void nobodyWaitsForAFreePlace() {
    int used = 0;
    int waiting = 0;
    for (int i = 0; i < THREADS; i++) {
      used += held.get(i);
      waiting += waits.get(i);
    }
    if (used > LIMIT || (used < LIMIT && waiting > 0)) {
      throw new AssertionError(used + " of " + LIMIT + " places taken, " + waiting + " wait");
    }
  }

  public static final class Spec {
    private final int[] held = new int[THREADS];
    private int used;

    public boolean enter(int thread) {
      if (used == LIMIT) {
        return false;
      }
      used++;
      held[thread]++;
      return true;
    }

    public boolean leave(int thread) {
      if (held[thread] == 0) {
        return false;
      }
      used--;
      held[thread]--;
      return true;
    }

    public boolean starves(int thread) {
      return used == LIMIT;
    }
  }
}
