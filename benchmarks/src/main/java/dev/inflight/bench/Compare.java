package dev.inflight.bench;

import com.sun.management.ThreadMXBean;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Prints a Markdown table of what one call costs, each variant against raw ONNX Runtime with
 * everything reused. Variants take turns in one JVM and are compared by thread CPU time, because on
 * a shared machine neither wall time nor absolute numbers mean anything. {@code mvn -q -Pbench
 * package}
 */
public final class Compare {
  private static final int ROUNDS = 60;
  private static final long ROUND_NANOS = 15_000_000;
  private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

  private static final Path TRIBUO = Path.of("testmodels/tribuo/cancer-linear");

  private Compare() {}

  /** One model and how wide its rows and answers are. */
  private static final class Bench {
    final String name;
    final byte[] model;
    final int in;
    final int out;

    Bench(String name, byte[] model, int in, int out) {
      this.name = name;
      this.model = model;
      this.in = in;
      this.out = out;
    }
  }

  /** What a variant cost in one round. */
  private record Cost(double cpuNanos, double bytes) {}

  /** Takes no arguments. */
  public static void main(String... args) throws Exception {
    DjlVariants.claimEnvironment();
    PrintStream out = System.out;
    out.printf(
        "JDK %s, onnxruntime %s, %d rounds of %d ms a variant, alternated; CPU time of the calling thread.%n%n",
        Runtime.version().feature(),
        ai.onnxruntime.OrtEnvironment.getEnvironment().getVersion(),
        ROUNDS,
        ROUND_NANOS / 1_000_000);
    out.println("| model, rows | variant | p10 us | median us | ratio of p10 | B/call |");
    out.println("|---|---|---|---|---|---|");
    Bench[] benches = {
      new Bench("m0 identity", OnnxModels.identity(), 4, 4),
      new Bench("m1 logistic", OnnxModels.logistic(), 32, 1),
      new Bench("m2 MLP", OnnxModels.mlp(), 128, 10)
    };
    for (Bench bench : benches) {
      for (int rows : new int[] {1, 8, 32, 128}) {
        compare(out, bench, rows);
      }
    }
    Map<String, Variant> variants = new LinkedHashMap<>();
    double[] row = {14.1, 19.3, 92, 655, 0.1, 0.1, 0.09, 0.05, 0.18, 0.06};
    variants.put("Tribuo, a new example", TribuoVariants.own(TRIBUO, row));
    variants.put("Inflight, codec", TribuoVariants.inflight(TRIBUO, row));
    race(out, "Tribuo linear, 1", variants);
  }

  private static void compare(PrintStream out, Bench bench, int n) throws Exception {
    Random random = new Random(1);
    float[][] rows = new float[n][bench.in];
    for (float[] row : rows) {
      for (int i = 0; i < row.length; i++) {
        row[i] = random.nextFloat();
      }
    }
    Map<String, Variant> variants = new LinkedHashMap<>();
    variants.put("ORT, all reused", OrtVariants.reused(bench.model, rows, bench.out));
    variants.put("ORT, direct buffer", OrtVariants.directBuffer(bench.model, rows));
    variants.put("ORT, arrays", OrtVariants.arrays(bench.model, rows));
    if (n == 1) {
      variants.put("Inflight, codec", InflightVariants.codec(bench.model, rows[0]));
    }
    variants.put("Inflight, tensors", InflightVariants.tensors(bench.model, rows));
    variants.put("DJL", DjlVariants.predictor(bench.model, rows));
    race(out, bench.name + ", " + n, variants);
  }

  /** The first variant is what the others are compared with. */
  private static void race(PrintStream out, String title, Map<String, Variant> variants)
      throws Exception {
    List<String> names = List.copyOf(variants.keySet());
    List<Variant> racers = List.copyOf(variants.values());
    Cost[][] costs = new Cost[racers.size()][ROUNDS];
    try {
      for (int round = -ROUNDS / 3; round < ROUNDS; round++) {
        for (int i = 0; i < racers.size(); i++) {
          Cost cost = measure(racers.get(i));
          if (round >= 0) {
            costs[i][round] = cost;
          }
        }
      }
    } finally {
      for (Variant racer : racers) {
        racer.close();
      }
    }
    double base = quantile(costs[0], 0.1);
    for (int i = 0; i < costs.length; i++) {
      out.printf(
          "| %s | %s | %.2f | %.2f | %.2f | %.0f |%n",
          title,
          names.get(i),
          quantile(costs[i], 0.1) / 1e3,
          quantile(costs[i], 0.5) / 1e3,
          quantile(costs[i], 0.1) / base,
          Arrays.stream(costs[i]).mapToDouble(Cost::bytes).sorted().toArray()[ROUNDS / 2]);
    }
  }

  private static Cost measure(Variant variant) throws Exception {
    long self = Thread.currentThread().getId();
    long allocated = THREADS.getThreadAllocatedBytes(self);
    long cpu = THREADS.getCurrentThreadCpuTime();
    long end = System.nanoTime() + ROUND_NANOS;
    int calls = 0;
    float sum = 0;
    while (System.nanoTime() < end) {
      for (int i = 0; i < 16; i++) {
        sum += variant.call();
      }
      calls += 16;
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
