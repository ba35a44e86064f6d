package dev.inflight;

import dev.inflight.tensor.Signature;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Threads;
import org.openjdk.jmh.annotations.Warmup;

/**
 * Lease and release, alone and on two cores at once, and a swap. In this package because leases are
 * nobody's business.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(3)
public class LeaseBenchmark {
  private final Lanes lanes = Lanes.of(2);
  private final Leasing<String, String> leasing = new Leasing<>(lanes, Background::reap);
  private final ModelSlot<String, String> slot = ModelSlot.of(new Nothing(), lanes);

  /** Publishes a version for the leases. */
  public LeaseBenchmark() {
    leasing.publish(new Version<>(new Nothing(), lanes.size()));
  }

  /** One lane per thread, as in the engine. */
  @State(Scope.Thread)
  public static class Mine {
    private final Lanes own = Lanes.of(1);
    private final Lane lane = new Lane(own.dispatcher(), 0, 0);
  }

  private static final class Nothing implements Model<String, String> {
    @Override
    public ModelInfo info() {
      return new ModelInfo(
          "nothing", "1", "java", new Signature(List.of(), List.of()), "", Map.of());
    }

    @Override
    public Runner<String, String> newRunner(Lane lane) {
      throw new UnsupportedOperationException("never run");
    }

    @Override
    public void close() {}
  }

  /** On one thread. */
  @Benchmark
  @Threads(1)
  public void leaseAndRelease(Mine mine) {
    leasing.release(mine.lane, Objects.requireNonNull(leasing.lease(mine.lane)));
  }

  /** On two threads. */
  @Benchmark
  @Threads(2)
  public void leaseAndReleaseOnTwoThreads(Mine mine) {
    leasing.release(mine.lane, Objects.requireNonNull(leasing.lease(mine.lane)));
  }

  /** Until the old version is closed. */
  @Benchmark
  @Threads(1)
  public ModelInfo swap() {
    return slot.swap(new Nothing()).join();
  }
}
