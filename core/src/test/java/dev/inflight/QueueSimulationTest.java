package dev.inflight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.inflight.tensor.Signature;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The batcher on one lane under a fake clock: millions of calls, no real time. */
@Timeout(60)
class QueueSimulationTest {
  private static final int FORMED = 1_000_000;

  private final ManualLanes lanes = new ManualLanes(1);
  private final Random random;

  QueueSimulationTest() {
    long seed = Long.getLong("seed", System.nanoTime());
    System.out.println("queue simulation: seed " + seed);
    random = new Random(seed);
  }

  private interface Run {
    void run(List<? extends Long> rows);
  }

  /** Rows are numbers; one counts for as many rows as its last six bits say, and one. */
  private static final class Numbers implements Model<Long, Long> {
    private final Run run;

    Numbers(Run run) {
      this.run = run;
    }

    static int size(long row) {
      return (int) (row & 63) + 1;
    }

    @Override
    public ModelInfo info() {
      return new ModelInfo(
          "numbers", "1", "test", new Signature(List.of(), List.of()), "d", Map.of());
    }

    @Override
    public Runner<Long, Long> newRunner(Lane lane) {
      return new Runner<>() {
        @Override
        public List<Outcome<Long>> run(List<? extends Long> rows) {
          run.run(rows);
          List<Outcome<Long>> answers = new ArrayList<>();
          for (Long row : rows) {
            answers.add(Outcome.of(row));
          }
          return answers;
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public int rows(Long row) {
      return size(row);
    }

    @Override
    public void close() {}
  }

  private ModelSlot<Long, Long> slot(Run run, int maxBatch) {
    return ModelSlot.of(
        new Numbers(run),
        lanes.lanes(),
        Batching.auto().withMaxBatch(maxBatch).withQueue(1 << 20, 1 << 30));
  }

  /** O7. */
  @Test
  void serve_randomSizes_noRunIsTooLargeNothingIsLostAndTheOrderIsKept() {
    long[] next = new long[1];
    long[] rowsRun = new long[1];
    int[] wrong = new int[1];
    ModelSlot<Long, Long> slot =
        slot(
            rows -> {
              int sum = 0;
              for (Long row : rows) {
                wrong[0] += row >> 6 == next[0]++ ? 0 : 1;
                sum += Numbers.size(row);
              }
              wrong[0] += sum <= 64 ? 0 : 1;
              rowsRun[0] += sum;
              lanes.pass(1_000 + 100L * sum);
            },
            64);
    long answered = 0;
    long rows = 0;
    List<CompletableFuture<Prediction<Long>>> futures = new ArrayList<>();
    for (long i = 0; i < FORMED; ) {
      for (int burst = 1 + random.nextInt(40); burst > 0 && i < FORMED; burst--, i++) {
        long row = i << 6 | random.nextInt(64);
        rows += Numbers.size(row);
        futures.add(slot.predictor().submit(row));
      }
      lanes.settle();
      answered += futures.stream().filter(future -> !future.isCompletedExceptionally()).count();
      futures.clear();
    }
    assertThat(wrong[0]).as("out of order or too large").isZero();
    assertThat(answered).isEqualTo(FORMED);
    assertThat(rowsRun[0]).isEqualTo(rows);
    assertThat(slot.line().waiting()).isZero();
    slot.close();
  }

  /** O5. */
  @Test
  void cancel_aMillionBeforeTheyAreTaken_noneIsRun() {
    int[] run = new int[1];
    ModelSlot<Long, Long> slot = slot(rows -> run[0] += rows.size(), 64);
    List<CompletableFuture<Prediction<Long>>> futures = new ArrayList<>();
    for (int i = 0; i < 1_000_000; ) {
      for (int burst = 1 + random.nextInt(100); burst > 0; burst--, i++) {
        futures.add(slot.predictor().submit((long) i << 6));
      }
      futures.forEach(future -> future.cancel(true));
      futures.clear();
      if (random.nextInt(10) == 0) {
        lanes.settle();
      }
    }
    lanes.settle();
    assertThat(run[0]).isZero();
    assertThat(slot.line().waiting()).isZero();
    slot.close();
  }

  /** O4: nothing is dispatched after its deadline, whoever looks first. */
  @Test
  void serve_randomTimeouts_nothingRunsAfterItsDeadlineAndEachEndsOnce() {
    int n = 300_000;
    long[] deadlines = new long[n];
    int[] late = new int[1];
    int[] ends = new int[n];
    ModelSlot<Long, Long> slot =
        slot(
            rows -> {
              for (Long row : rows) {
                late[0] += lanes.now() < deadlines[(int) (row >> 6)] ? 0 : 1;
              }
              lanes.pass(10_000L * rows.size());
            },
            16);
    for (int i = 0; i < n; ) {
      for (int burst = 1 + random.nextInt(60); burst > 0 && i < n; burst--, i++) {
        int each = i;
        long timeout = 1L + random.nextInt(1_000_000);
        deadlines[i] = lanes.now() + timeout;
        try {
          var unused =
              slot.predictor()
                  .submit((long) i << 6, CallOptions.timeout(Duration.ofNanos(timeout)))
                  .whenComplete((answer, failure) -> ends[each]++);
        } catch (OverloadedException e) {
          ends[each]++;
        }
      }
      if (random.nextBoolean()) {
        lanes.advance(Duration.ofNanos(random.nextInt(500_000)));
      } else {
        lanes.pass(random.nextInt(500_000));
      }
      lanes.settle();
    }
    lanes.advance(Duration.ofSeconds(1));
    lanes.settle();
    assertThat(late[0]).isZero();
    assertThat(ends).containsOnly(1);
    assertThat(slot.line().waiting()).isZero();
    slot.close();
  }

  /** Poisson arrivals against the closed form of the queue that takes all that waits. */
  @ParameterizedTest
  @ValueSource(doubles = {0.2, 0.5, 0.8})
  void serve_poissonArrivals_meanResponseIsThatOfTheClosedForm(double load) {
    double row = 10_000;
    double fixed = 50_000;
    int n = 300_000;
    double rate = load / row;
    long[] arrivals = new long[n];
    double at = lanes.now();
    for (int i = 0; i < n; i++) {
      at -= Math.log(1 - random.nextDouble()) / rate;
      arrivals[i] = (long) at;
    }
    List<ModelSlot<Long, Long>> slots = new ArrayList<>();
    int[] arrived = new int[1];
    double[] sum = new double[1];
    int[] largest = new int[1];
    ModelSlot<Long, Long> slot =
        slot(
            rows -> {
              long end = lanes.now() + (long) (fixed + row * rows.size());
              while (arrived[0] < n && arrivals[arrived[0]] <= end) {
                arrive(slots.get(0), arrivals, arrived);
              }
              lanes.passTo(end);
              largest[0] = Math.max(largest[0], rows.size());
              for (Long each : rows) {
                sum[0] += end - arrivals[(int) (each >> 6)];
              }
            },
            256);
    slots.add(slot);
    while (arrived[0] < n) {
      arrive(slot, arrivals, arrived);
      lanes.settle();
    }
    double expected = BatchingRule.expectedWait(rate, row, fixed) + row + fixed;
    System.out.printf(
        "load %.1f: mean response %.1f us, closed form %.1f us, largest run %d%n",
        load, sum[0] / n / 1e3, expected / 1e3, largest[0]);
    assertThat(sum[0] / n).isCloseTo(expected, within(0.1 * expected));
    assertThat(largest[0]).isLessThanOrEqualTo(256);
    slot.close();
  }

  private void arrive(ModelSlot<Long, Long> slot, long[] arrivals, int[] arrived) {
    lanes.passTo(arrivals[arrived[0]]);
    var unused = slot.predictor().submit((long) arrived[0]++ << 6);
  }
}
