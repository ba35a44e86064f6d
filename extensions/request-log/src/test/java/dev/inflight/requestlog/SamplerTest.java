package dev.inflight.requestlog;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import dev.inflight.CallOptions;
import dev.inflight.Prediction;
import dev.inflight.Predictor;
import java.io.OutputStream;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.DoubleSupplier;
import org.junit.jupiter.api.Test;

class SamplerTest {
  private final long seed = System.nanoTime();
  private final Random random = new Random(seed);
  private final AtomicLong nanos = new AtomicLong();
  private final LongAdder replaced = new LongAdder();
  private final LongAdder dropped = new LongAdder();

  private Reservoir reservoir(int k, LineQueue queue) {
    Sampling.Reservoir sampling = new Sampling.Reservoir(k, Duration.ofSeconds(1));
    return new Reservoir(sampling, random::nextDouble, nanos::get, queue, replaced);
  }

  private static List<Integer> drain(LineQueue queue) throws InterruptedException {
    List<Integer> all = new ArrayList<>();
    byte[] line;
    while ((line = queue.poll(0)) != null) {
      all.add((int) line[0]);
    }
    return all;
  }

  @Test
  void rate_manyCalls_choosesThatPart() {
    System.out.println("seed " + seed);
    LineQueue queue = new LineQueue(1, dropped);
    for (double rate : new double[] {0, 0.001, 0.1, 0.5, 1}) {
      Sampler sampler = Sampler.rate(rate, random::nextDouble, queue);
      int n = 400_000;
      int taken = 0;
      for (int i = 0; i < n; i++) {
        taken += sampler.take() == null ? 0 : 1;
      }
      double sigma = Math.sqrt(n * rate * (1 - rate));
      assertThat((double) taken).isBetween(n * rate - 6 * sigma, n * rate + 6 * sigma);
    }
  }

  /** Chi-squared with 49 degrees of freedom is above 120 once in 10^7. */
  @Test
  void reservoir_manyIntervals_everyPositionIsAsLikely() throws InterruptedException {
    System.out.println("seed " + seed);
    int calls = 50;
    int k = 5;
    int intervals = 20_000;
    LineQueue queue = new LineQueue(k, dropped);
    Reservoir reservoir = reservoir(k, queue);
    int[] kept = new int[calls];
    for (int interval = 0; interval < intervals; interval++) {
      List<Sampler.Place> late = new ArrayList<>();
      List<byte[]> lateLines = new ArrayList<>();
      for (int call = 0; call < calls; call++) {
        Sampler.Place place = reservoir.take();
        if (place != null && random.nextBoolean()) {
          place.put(new byte[] {(byte) call});
        } else if (place != null) { // ends after the interval
          late.add(place);
          lateLines.add(new byte[] {(byte) call});
        }
      }
      nanos.addAndGet(Duration.ofSeconds(1).toNanos());
      reservoir.tick();
      for (int i = 0; i < late.size(); i++) {
        late.get(i).put(lateLines.get(i));
      }
      List<Integer> drained = drain(queue);
      assertThat(drained).hasSize(k).doesNotHaveDuplicates();
      drained.forEach(call -> kept[call]++);
    }
    double expected = (double) intervals * k / calls;
    double chiSquared = 0;
    for (int count : kept) {
      chiSquared += (count - expected) * (count - expected) / expected;
    }
    assertThat(chiSquared).isLessThan(120);
    assertThat(dropped.sum()).isZero();
  }

  @Test
  void reservoir_fewerCallsThanPlaces_keepsAll() throws InterruptedException {
    LineQueue queue = new LineQueue(10, dropped);
    Reservoir reservoir = reservoir(10, queue);
    for (int call = 0; call < 7; call++) {
      reservoir.take().put(new byte[] {(byte) call});
    }
    assertThat(queue.isEmpty()).isTrue();
    nanos.addAndGet(Duration.ofSeconds(1).toNanos() - 1);
    reservoir.tick();
    assertThat(queue.isEmpty()).isTrue();
    nanos.incrementAndGet();
    reservoir.take(); // a call of the next interval ends this one as well
    assertThat(drain(queue)).containsExactly(0, 1, 2, 3, 4, 5, 6);
    reservoir.close();
    assertThat(reservoir.take()).isNull();
  }

  @Test
  void reservoir_manyThreads_everyChosenCallEndsInOneWay() throws InterruptedException {
    DoubleSupplier any = () -> ThreadLocalRandom.current().nextDouble();
    chooseOnManyThreads(new Sampling.Reservoir(8, Duration.ofNanos(200_000)), any);
    chooseOnManyThreads(new Sampling.Reservoir(1, Duration.ofDays(1)), () -> 0); // all, one place
  }

  private void chooseOnManyThreads(Sampling.Reservoir sampling, DoubleSupplier chance)
      throws InterruptedException {
    replaced.reset();
    dropped.reset();
    LineQueue queue = new LineQueue(64, dropped);
    Reservoir reservoir = new Reservoir(sampling, chance, System::nanoTime, queue, replaced);
    LongAdder chosen = new LongAdder();
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 4; t++) {
      threads.add(
          new Thread(
              () -> {
                for (int i = 0; i < 100_000; i++) {
                  Sampler.Place place = reservoir.take();
                  if (place != null) {
                    chosen.increment();
                    place.put(new byte[] {1});
                  }
                }
              }));
    }
    threads.forEach(Thread::start);
    long polled = 0;
    while (threads.stream().anyMatch(Thread::isAlive)) {
      polled += queue.poll(100_000) == null ? 0 : 1;
    }
    reservoir.close();
    polled += drain(queue).size();
    assertThat(chosen.sum()).isPositive().isEqualTo(polled + replaced.sum() + dropped.sum());
  }

  @Test
  void predict_notSampled_allocatesNothing() {
    for (Sampling sampling : List.of(Sampling.rate(0), Sampling.reservoir(1, Duration.ofDays(1)))) {
      try (RequestLog log =
          RequestLog.to(OutputStream.nullOutputStream()).sampling(sampling).start()) {
        Predictor<String, String> logged = log.around("same", new Same());
        logged.predict("the reservoir's");
        repeat(logged, 50_000); // compiled
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        long sampledBefore = log.stats().sampled();
        int n = 200_000;
        repeat(logged, n);
        long sampled = log.stats().sampled() - sampledBefore;
        long bytes = threads.getCurrentThreadAllocatedBytes() - before;
        // What the sampled ones cost (2 ln 2 of the reservoir's, or so), and the statistics above.
        assertThat(bytes)
            .as("bytes of %d calls, %d sampled", n, sampled)
            .isLessThan(20_000 + 20_000 * sampled);
      }
    }
  }

  private static void repeat(Predictor<String, String> predictor, int times) {
    for (int i = 0; i < times; i++) {
      if (!predictor.predict("x").equals("x")) {
        throw new AssertionError();
      }
    }
  }

  private static final class Same extends Stub<String, String> {
    @Override
    public String predict(String row) {
      return row;
    }

    @Override
    public Prediction<String> call(String row, CallOptions options) {
      return Predictor.of((String x) -> x).call(row, options);
    }
  }
}
