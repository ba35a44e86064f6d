package dev.inflight.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

final class ScheduleTest {
  private static final double RATE = 20_000;
  private static final double SECONDS = 5;

  private final Schedule schedule = Schedule.poisson(RATE, SECONDS, 1);

  @Test
  void poisson_count_isWithinFiveDeviationsOfTheRate() {
    double expected = RATE * SECONDS;

    assertThat((double) schedule.size()).isCloseTo(expected, within(5 * Math.sqrt(expected)));
  }

  @Test
  void poisson_arrivals_areInOrderAndInsideTheTime() {
    for (int i = 1; i < schedule.size(); i++) {
      assertThat(schedule.due(i)).isGreaterThanOrEqualTo(schedule.due(i - 1));
    }
    assertThat(schedule.due(schedule.size() - 1)).isLessThan((long) (SECONDS * 1e9));
  }

  @Test
  void poisson_gaps_areExponential() {
    double sum = 0;
    double squares = 0;
    int longer = 0;
    int n = schedule.size() - 1;
    for (int i = 1; i <= n; i++) {
      double gap = (schedule.due(i) - schedule.due(i - 1)) / 1e9 * RATE;
      sum += gap;
      squares += gap * gap;
      longer += gap > 1 ? 1 : 0;
    }
    double mean = sum / n;

    assertThat(mean).isCloseTo(1, within(0.02));
    assertThat(squares / n - mean * mean).isCloseTo(1, within(0.05));
    assertThat((double) longer / n).isCloseTo(Math.exp(-1), within(0.01));
  }

  @Test
  void poisson_counts_varyAsTheirMean() {
    int[] counts = new int[500];
    for (int i = 0; i < schedule.size(); i++) {
      counts[(int) (schedule.due(i) / 10_000_000)]++;
    }
    double mean = 0;
    double squares = 0;
    for (int count : counts) {
      mean += count / 500.0;
      squares += (double) count * count / 500;
    }

    assertThat((squares - mean * mean) / mean).isCloseTo(1, within(0.35));
  }

  @Test
  void poisson_sameSeed_isTheSame() {
    Schedule again = Schedule.poisson(RATE, SECONDS, 1);

    assertThat(again.size()).isEqualTo(schedule.size());
    assertThat(again.due(1000)).isEqualTo(schedule.due(1000));
    assertThat(Schedule.poisson(RATE, SECONDS, 2).due(1000)).isNotEqualTo(schedule.due(1000));
  }
}
