package dev.inflight.onnx;

import dev.inflight.Lanes;
import dev.inflight.Model;
import dev.inflight.ModelSlot;
import dev.inflight.onnx.OrtSwaps.Cell;
import dev.inflight.onnx.OrtSwaps.Verdict;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * S1c: three models on the same lanes, of which one is swapped; how long the calls of each take, in
 * turns with and without swaps.
 */
final class Neighbours {
  private static final int MODELS = 3;
  private static final int CALLERS = 2; // of each model
  private static final long CALL_EVERY = TimeUnit.MILLISECONDS.toNanos(4);
  private static final long SWAP_EVERY = TimeUnit.MILLISECONDS.toNanos(10);

  private final List<ModelSlot<Cell, Verdict>> slots = new ArrayList<>();
  private final Lanes lanes = Lanes.of(2);
  private final boolean clumsy;
  private int versions;

  private Neighbours(boolean clumsy) {
    this.clumsy = clumsy;
    for (int i = 0; i < MODELS; i++) {
      slots.add(ModelSlot.of(OrtSwaps.load(0), lanes));
    }
  }

  /**
   * Arguments: turns of each kind, calls of each caller in a turn, 4 ms apart, and whether every
   * load stops the others.
   */
  public static void main(String[] arguments) throws Exception {
    Neighbours neighbours = new Neighbours(Boolean.parseBoolean(arguments[2]));
    int turns = Integer.parseInt(arguments[0]);
    int calls = Integer.parseInt(arguments[1]);
    neighbours.turn(calls, true); // compiles what the others measure
    double[][] quiet = new double[turns][];
    double[][] swapping = new double[turns][];
    for (int i = 0; i < turns; i++) {
      quiet[i] = neighbours.turn(calls, false);
      swapping[i] = neighbours.turn(calls, true);
    }
    neighbours.slots.forEach(ModelSlot::close);
    neighbours.lanes.close();
    System.out.printf(
        Locale.ROOT,
        "swaps=%d swapped=%.3f/%.3f others=%.3f/%.3f (p99 in ms, median of %d turns, quiet/swapping)%n",
        neighbours.versions,
        median(quiet, 0),
        median(swapping, 0),
        Math.max(median(quiet, 1), median(quiet, 2)),
        Math.max(median(swapping, 1), median(swapping, 2)),
        turns);
  }

  private static double median(double[][] turns, int model) {
    double[] all = Arrays.stream(turns).mapToDouble(turn -> turn[model]).sorted().toArray();
    return all[all.length / 2];
  }

  /** The p99 of each model, in milliseconds. */
  private double[] turn(int calls, boolean swaps) throws Exception {
    List<Caller> callers = new ArrayList<>();
    for (int i = 0; i < MODELS * CALLERS; i++) {
      Caller caller = new Caller(slots.get(i % MODELS), calls, i * CALL_EVERY / (MODELS * CALLERS));
      caller.start();
      callers.add(caller);
    }
    while (callers.stream().anyMatch(Thread::isAlive)) {
      long at = System.nanoTime();
      if (swaps) {
        var unused = slots.get(0).swap(next());
      }
      LockSupport.parkNanos(Math.max(0, at + SWAP_EVERY - System.nanoTime()));
    }
    double[] p99 = new double[MODELS];
    for (int model = 0; model < MODELS; model++) {
      ModelSlot<Cell, Verdict> slot = slots.get(model);
      long[] all =
          callers.stream()
              .filter(caller -> caller.slot == slot)
              .flatMapToLong(caller -> Arrays.stream(caller.took()))
              .sorted()
              .toArray();
      p99[model] = all[all.length * 99 / 100] / 1e6;
    }
    return p99;
  }

  private Model<Cell, Verdict> next() {
    versions++;
    return clumsy ? stopped(lanes.size()) : OrtSwaps.load(2 * versions);
  }

  /** Loads while it holds every lane, as what loads where it predicts does. */
  private Model<Cell, Verdict> stopped(int free) {
    if (free == 0) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(30)); // a larger model
      return OrtSwaps.load(2 * versions);
    }
    while (true) {
      try {
        return lanes.use(lane -> stopped(free - 1));
      } catch (IllegalStateException e) {
        Thread.onSpinWait(); // a call has the lane
      }
    }
  }

  /** Calls at fixed times, and measures from when it was due: a late start counts. */
  private static final class Caller extends Thread {
    private final ModelSlot<Cell, Verdict> slot;
    private final long[] nanos;
    private final long offset;
    private int done;

    Caller(ModelSlot<Cell, Verdict> slot, int calls, long offset) {
      this.slot = slot;
      this.offset = offset;
      nanos = new long[calls];
    }

    long[] took() {
      if (done < nanos.length) {
        throw new IllegalStateException("a call failed after " + done);
      }
      return nanos;
    }

    @Override
    public void run() {
      long due = System.nanoTime() + offset;
      for (; done < nanos.length; done++, due += CALL_EVERY) {
        while (System.nanoTime() < due) {
          LockSupport.parkNanos(due - System.nanoTime());
        }
        Verdict verdict = slot.predictor().predict(OrtSwaps.CELL);
        if (verdict.label().isEmpty()) {
          throw new IllegalStateException("no answer");
        }
        nanos[done] = System.nanoTime() - due;
      }
    }
  }
}
