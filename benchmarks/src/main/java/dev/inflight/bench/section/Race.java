package dev.inflight.bench.section;

import com.sun.management.ThreadMXBean;
import dev.inflight.bench.Profile;
import dev.inflight.bench.call.Variant;
import dev.inflight.bench.report.Result;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Variants of one call that take turns on one thread, compared by its CPU time with the first of
 * them: on a shared machine neither wall time nor absolute numbers mean anything.
 */
final class Race {
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private static final int CLOCK_NANOS = 20_000;

  private final String section;
  private final String group;
  private final String model;
  private final double x;
  private final int warmupFactor;
  private final Map<String, Variant> variants = new LinkedHashMap<>();

  /** What a variant cost in one round. */
  private record Cost(double cpuNanos, double bytes) {}

  /** Makes a variant. */
  @FunctionalInterface
  interface Opening {
    Variant open() throws Exception;
  }

  Race(String section, String group, String model, double x) {
    this(section, group, model, x, 1);
  }

  /** Libraries that are new to the JVM need a longer warm-up. */
  Race(String section, String group, String model, double x, int warmupFactor) {
    this.warmupFactor = warmupFactor;
    this.section = section;
    this.group = group;
    this.model = model;
    this.x = x;
  }

  /** Adds a variant; one that cannot do this is left out with a word on standard error. */
  Race add(String name, Opening opening) {
    Variant variant = null;
    try {
      variant = opening.open();
      float probe = variant.call();
      if (Float.isNaN(probe)) {
        throw new IllegalStateException("the answer is NaN");
      }
      variants.put(name, variant);
    } catch (Exception | LinkageError e) {
      System.err.printf("%s, %s rows: %s is left out: %s%n", model, x, name, e);
      close(variant);
    }
    return this;
  }

  private static void close(@org.jspecify.annotations.Nullable Variant variant) {
    if (variant != null) {
      try {
        variant.close();
      } catch (Exception e) {
        System.err.println("close: " + e);
      }
    }
  }

  void run(Profile profile, Consumer<Result> sink) throws Exception {
    List<String> names = List.copyOf(variants.keySet());
    List<Variant> racers = List.copyOf(variants.values());
    int rounds = profile.callRounds();
    Cost[][] costs = new Cost[racers.size()][rounds];
    try {
      for (int turn = 0; turn < 2; turn++) {
        for (Variant racer : racers) {
          var unused = measure(racer, 500_000L * warmupFactor * profile.callWarmupMillis());
        }
      }
      for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < racers.size(); i++) {
          costs[i][round] = measure(racers.get(i), profile.callMillis() * 1_000_000L);
        }
      }
    } finally {
      racers.forEach(Race::close);
    }
    for (int i = 0; i < costs.length; i++) {
      Map<String, Double> values = new LinkedHashMap<>();
      values.put("p10", quantile(costs[i], 0.1) / 1e3);
      values.put("median", quantile(costs[i], 0.5) / 1e3);
      values.put("ratio", quantile(costs[i], 0.1) / quantile(costs[0], 0.1));
      values.put(
          "bytes", Arrays.stream(costs[i]).mapToDouble(Cost::bytes).sorted().toArray()[rounds / 2]);
      sink.accept(new Result(section, group, model, x, names.get(i), values));
    }
  }

  /** At least one call; looks at the clock seldom enough not to be seen in the figure. */
  private static Cost measure(Variant variant, long nanos) throws Exception {
    long self = Thread.currentThread().getId();
    long allocated = THREADS.getThreadAllocatedBytes(self);
    long cpu = THREADS.getCurrentThreadCpuTime();
    long start = System.nanoTime();
    long end = start + nanos;
    int calls = 0;
    float sum = 0;
    int chunk = 1;
    long now = start;
    while (now < end) {
      for (int i = 0; i < chunk; i++) {
        sum += variant.call();
      }
      calls += chunk;
      long last = now;
      now = System.nanoTime();
      if (now - last < CLOCK_NANOS) {
        chunk = Math.min(64, 2 * chunk);
      }
    }
    cpu = THREADS.getCurrentThreadCpuTime() - cpu;
    allocated = THREADS.getThreadAllocatedBytes(self) - allocated;
    if (Float.isNaN(sum)) {
      throw new IllegalStateException("an answer is NaN");
    }
    return new Cost((double) cpu / calls, (double) allocated / calls);
  }

  private static double quantile(Cost[] costs, double q) {
    double[] sorted = Arrays.stream(costs).mapToDouble(Cost::cpuNanos).sorted().toArray();
    return sorted[(int) (q * (sorted.length - 1))];
  }
}
