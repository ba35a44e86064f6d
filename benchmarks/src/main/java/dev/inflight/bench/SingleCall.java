package dev.inflight.bench;

import dev.inflight.bench.call.DjlModel;
import dev.inflight.bench.call.DjlVariants;
import dev.inflight.bench.call.InflightVariants;
import dev.inflight.bench.call.OrtVariants;
import dev.inflight.bench.call.Variant;
import dev.inflight.bench.model.Batch;
import dev.inflight.bench.model.BenchModel;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** One call under JMH, a JVM for each variant; {@link Suite} has the ratios. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class SingleCall {
  /** The model. */
  @Param({"m0", "m1", "m2", "m3", "m4", "m5"})
  public String model = "";

  /** The way to call; {@code codec} is a single row whatever {@code rows} says. */
  @Param({"reused", "pinned", "direct", "arrays", "codec", "list", "tensors", "djl", "noop"})
  public String variant = "";

  /** Rows in the call. */
  @Param({"1", "8", "32", "128"})
  public int rows;

  private Variant call = () -> 0;

  /** Makes the variant. */
  @Setup(Level.Trial)
  public void open() throws Exception {
    DjlModel.claimEnvironment();
    BenchModel bench = BenchModel.of(model);
    List<Batch> batches = bench.batches(rows);
    call =
        switch (variant) {
          case "reused" -> OrtVariants.reused(bench, batches);
          case "pinned" -> OrtVariants.pinned(bench, batches);
          case "direct" -> OrtVariants.directBuffer(bench, batches);
          case "arrays" -> OrtVariants.arrays(bench, batches);
          case "codec" -> InflightVariants.codec(bench);
          case "list" -> InflightVariants.codecList(bench, batches);
          case "tensors" -> InflightVariants.tensors(bench, batches);
          case "djl" -> DjlVariants.whole(bench, batches);
          case "noop" -> DjlVariants.noop(bench, batches);
          default -> throw new IllegalArgumentException(variant);
        };
  }

  /** Frees it. */
  @TearDown(Level.Trial)
  public void close() throws Exception {
    call.close();
  }

  /** The call. */
  @Benchmark
  public float call() throws Exception {
    return call.call();
  }
}
