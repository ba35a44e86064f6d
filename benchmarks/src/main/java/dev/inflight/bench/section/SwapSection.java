package dev.inflight.bench.section;

import dev.inflight.Lanes;
import dev.inflight.ModelSlot;
import dev.inflight.Predictor;
import dev.inflight.Resident;
import dev.inflight.bench.Profile;
import dev.inflight.bench.call.Serving;
import dev.inflight.bench.model.BenchModel;
import dev.inflight.bench.model.Cycle;
import dev.inflight.bench.report.Result;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import org.HdrHistogram.Histogram;

/**
 * What callers notice of swaps between resident versions, of loads beside them, and of a version's
 * first call.
 */
final class SwapSection implements Section {
  static final String NAME = "swap";
  private static final int CALLERS = 2;
  private static final int SWAP_MILLIS = 10;
  private static final int FRESH = 21;
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  @Override
  public void run(Profile profile, Consumer<Result> sink) throws Exception {
    BenchModel model = BenchModel.of("m2");
    try (Lanes lanes = Lanes.of(CALLERS);
        ModelSlot<float[], float[]> slot = ModelSlot.empty("m2", lanes)) {
      Resident<float[], float[]> one = slot.admit(Serving.model(model));
      Resident<float[], float[]> two = slot.admit(Serving.model(model));
      List<float[]> rows = rows(model);
      one.warmUp(rows, PATIENCE);
      two.warmUp(rows, PATIENCE);
      slot.serve(one);
      long millis = 4L * profile.measureMillis();
      calls(slot, model, millis, () -> {}); // the JIT
      List<Double> swapped = new ArrayList<>();
      List<Double> loading = new ArrayList<>();
      Histogram serves = new Histogram(100_000_000_000L, 3);
      for (int round = 0; round < 2 * profile.rounds() + 1; round++) {
        double still = calls(slot, model, millis, () -> {});
        Swaps swaps = new Swaps(slot, one, two, serves);
        swapped.add(calls(slot, model, millis, swaps) / still);
        loading.add(calls(slot, model, millis, () -> load(slot, model)) / still);
      }
      give(sink, "p99.9 ratio", median(swapped));
      give(sink, "p99.9 ratio while versions load", median(loading));
      give(sink, "serve p50, us", serves.getValueAtPercentile(50) / 1e3);
      give(sink, "serve p99, us", serves.getValueAtPercentile(99) / 1e3);
      firstCalls(slot, model, rows, one, sink);
    }
  }

  private static void give(Consumer<Result> sink, String what, double value) {
    sink.accept(new Result(NAME, "swap", "m2", CALLERS, what, Map.of("value", value)));
  }

  private static List<float[]> rows(BenchModel model) {
    Cycle<float[]> cycle = new Cycle<>(model.rows(), 0);
    List<float[]> rows = new ArrayList<>();
    for (int i = 0; i < 64; i++) {
      rows.add(cycle.next());
    }
    return rows;
  }

  /** Now this one serves, now that one. */
  private static final class Swaps implements Runnable {
    private final ModelSlot<float[], float[]> slot;
    private final List<Resident<float[], float[]>> versions;
    private final Histogram took;
    private int turn;

    Swaps(
        ModelSlot<float[], float[]> slot,
        Resident<float[], float[]> one,
        Resident<float[], float[]> two,
        Histogram took) {
      this.slot = slot;
      this.took = took;
      versions = List.of(two, one);
    }

    @Override
    public void run() {
      long begin = System.nanoTime();
      slot.serve(versions.get(turn++ % 2));
      took.recordValue(System.nanoTime() - begin);
    }
  }

  private static void load(ModelSlot<float[], float[]> slot, BenchModel model) {
    try {
      var unused = slot.admit(Serving.model(model)).release();
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /**
   * The 99.9th percentile of callers, in nanoseconds, with {@code beside} every ten milliseconds.
   */
  private static double calls(
      ModelSlot<float[], float[]> slot, BenchModel model, long millis, Runnable beside)
      throws Exception {
    long end = System.nanoTime() + millis * 1_000_000;
    Histogram[] seen = new Histogram[CALLERS];
    Thread[] threads = new Thread[CALLERS];
    AtomicReference<Throwable> failure = new AtomicReference<>();
    for (int i = 0; i < CALLERS; i++) {
      Histogram mine = new Histogram(100_000_000_000L, 3);
      seen[i] = mine;
      Cycle<float[]> rows = new Cycle<>(model.rows(), 37 * i);
      Predictor<float[], float[]> predictor = slot.predictor();
      threads[i] =
          new Thread(
              () -> {
                while (System.nanoTime() - end < 0) {
                  long begin = System.nanoTime();
                  predictor.predict(rows.next());
                  mine.recordValue(System.nanoTime() - begin);
                }
              });
      threads[i].setUncaughtExceptionHandler((thread, e) -> failure.set(e));
      threads[i].start();
    }
    while (System.nanoTime() - end < 0) {
      beside.run();
      LockSupport.parkNanos(SWAP_MILLIS * 1_000_000L);
    }
    Histogram all = seen[0];
    for (int i = 0; i < CALLERS; i++) {
      threads[i].join();
      if (i > 0) {
        all.add(seen[i]);
      }
    }
    if (failure.get() != null) {
      throw new IllegalStateException("a call failed", failure.get());
    }
    return all.getValueAtPercentile(99.9);
  }

  /**
   * Of versions that were warmed up and never called: their first call against the median of many,
   * and against the call with which they come back after another version has filled the caches.
   */
  private static void firstCalls(
      ModelSlot<float[], float[]> slot,
      BenchModel model,
      List<float[]> rows,
      Resident<float[], float[]> other,
      Consumer<Result> sink)
      throws Exception {
    List<Double> steady = new ArrayList<>();
    List<Double> back = new ArrayList<>();
    for (int i = 0; i < FRESH; i++) {
      Resident<float[], float[]> fresh = slot.admit(Serving.model(model));
      fresh.warmUp(rows, PATIENCE);
      double first = afterServe(slot, fresh, other, rows);
      steady.add(first / typical(slot.predictor(), rows));
      back.add(first / afterServe(slot, fresh, other, rows));
      slot.serve(other);
      var unused = fresh.release();
    }
    give(sink, "first call ratio", median(steady));
    give(sink, "first call against one that comes back", median(back));
  }

  /** The first call of a version after many of another one, in nanoseconds. */
  private static double afterServe(
      ModelSlot<float[], float[]> slot,
      Resident<float[], float[]> version,
      Resident<float[], float[]> other,
      List<float[]> rows) {
    slot.serve(other);
    typical(slot.predictor(), rows);
    slot.serve(version);
    long begin = System.nanoTime();
    slot.predictor().predict(rows.get(0));
    return System.nanoTime() - begin;
  }

  private static double typical(Predictor<float[], float[]> predictor, List<float[]> rows) {
    double[] nanos = new double[1001];
    for (int n = 0; n < nanos.length; n++) {
      long start = System.nanoTime();
      predictor.predict(rows.get(n % rows.size()));
      nanos[n] = System.nanoTime() - start;
    }
    Arrays.sort(nanos);
    return nanos[nanos.length / 2];
  }

  private static double median(List<Double> values) {
    return values.stream().sorted().toList().get(values.size() / 2);
  }
}
