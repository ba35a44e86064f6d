package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The canary compares live answers: what is the same must cost no garbage. */
class ToleranceCostTest {
  private static final int RUNS = 10_000;

  @SuppressWarnings("ArrayRecordComponent")
  private record Numbers(float score, double other, long label, float[] all) {}

  @Test
  void compare_sameAnswers_allocatesNothing() {
    ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
    float[] one = {1, 2, 3};
    float[] equal = one.clone();
    float[] near = {1, 2, Math.nextUp(3f)};
    Tolerance tolerance = Tolerance.ulps(1);
    List<Object[]> pairs =
        List.of(
            new Object[] {one, equal},
            new Object[] {one, near},
            new Object[] {
              new Numbers(1, 1000, 1000, one),
              new Numbers(Math.nextUp(1f), Math.nextUp(1000d), 1000, near)
            });
    for (Object[] pair : pairs) {
      long least = Long.MAX_VALUE;
      for (int round = 0; round < 5; round++) {
        long before = threads.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < RUNS; i++) {
          if (tolerance.compare(pair[0], pair[1]).isPresent()) {
            throw new AssertionError("differs");
          }
        }
        least = Math.min(least, threads.getCurrentThreadAllocatedBytes() - before);
      }
      assertThat(least / RUNS).as(pair[0].getClass().getSimpleName()).isZero();
    }
  }
}
