package dev.inflight.bench;

import java.util.Random;
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

/** One call of the MLP under JMH; {@link Compare} has the ratios. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class SingleCall {
  /** The way to call. */
  @Param({"reused", "direct", "arrays", "inflight", "djl"})
  public String variant = "";

  /** Rows in the call. */
  @Param({"1", "8", "32", "128"})
  public int rows;

  private Variant call = new None();

  private static final class None implements Variant {
    @Override
    public float call() {
      return 0;
    }

    @Override
    public void close() {}
  }

  /** Makes the variant. */
  @Setup(Level.Trial)
  public void open() throws Exception {
    Random random = new Random(1);
    float[][] input = new float[rows][128];
    for (float[] row : input) {
      for (int i = 0; i < row.length; i++) {
        row[i] = random.nextFloat();
      }
    }
    byte[] model = OnnxModels.mlp();
    call =
        switch (variant) {
          case "reused" -> OrtVariants.reused(model, input, 10);
          case "direct" -> OrtVariants.directBuffer(model, input);
          case "arrays" -> OrtVariants.arrays(model, input);
          case "inflight" -> InflightVariants.tensors(model, input);
          case "djl" -> DjlVariants.predictor(model, input);
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
