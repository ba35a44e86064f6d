package dev.inflight;

import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What it costs to count and time one prediction, by each lane for one version. In this package
 * because figures are the engine's.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class RecordBenchmark {
  private static final int LANES = 2;
  private static final long MICROSECOND = 1_000;
  private static final int LATENCIES = 1 << 10;

  private final Lanes lanes = Lanes.of(LANES);
  private final VersionFigures version = new VersionFigures("1", Instant.EPOCH, LANES);
  private final AtomicInteger taken = new AtomicInteger();

  /** One lane per thread, as in the engine. */
  @State(Scope.Thread)
  public static class Mine {
    private @Nullable LaneFigures figures;
    private long calls;

    /** Takes the next lane. */
    @Setup
    public void takeLane(RecordBenchmark all) {
      int index = all.taken.getAndIncrement() % LANES;
      figures = all.version.on(new Lane(all.lanes.dispatcher(), index, index));
    }
  }

  /** Latencies from one microsecond to two, as an idle machine has them. */
  @Benchmark
  public void record(Mine mine) {
    long nanos = MICROSECOND + (mine.calls++ & (LATENCIES - 1));
    Objects.requireNonNull(mine.figures).answeredAlone(1, nanos);
  }
}
