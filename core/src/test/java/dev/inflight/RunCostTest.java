package dev.inflight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.lang.reflect.Field;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** What runs cost is learnt from noisy samples. */
class RunCostTest {
  private final RunCost cost = new RunCost();

  private void observe(int times, int rows, long nanos) {
    for (int i = 0; i < times; i++) {
      cost.observe(rows, nanos);
    }
  }

  static Stream<Arguments> models() {
    return Stream.of(
        Arguments.of(2_000, 1_500), // small: the fixed part is most of it
        Arguments.of(30_000, 12_000),
        Arguments.of(400_000, 3_000),
        Arguments.of(50_000, 500_000)); // large: rows are nearly all of it
  }

  /** Five per cent of noise everywhere, and every fifth run is preempted or cold. */
  @ParameterizedTest
  @MethodSource("models")
  void line_oneRunInFiveIsAnOutlier_findsBothPartsWithinTenPercent(long fixed, long row) {
    long seed = System.nanoTime();
    System.out.println("run cost: seed " + seed);
    Random random = new Random(seed);
    for (int i = 0; i < 2_000; i++) {
      int rows = 1 + random.nextInt(i % 2 == 0 ? 4 : 128);
      double nanos = (fixed + rows * row) * (1 + 0.05 * random.nextDouble());
      if (random.nextInt(5) == 0) {
        nanos *= 2 + 20 * random.nextDouble();
      }
      cost.observe(rows, (long) nanos);
    }
    RunCost.Line line = cost.line();
    assertThat(line.known()).isTrue();
    // What is less than a tenth of a single run cannot be told from noise, and need not be.
    double slack = 0.1 * (fixed + row);
    assertThat(line.fixed()).isCloseTo((double) fixed, within(Math.max(0.1 * fixed, slack)));
    assertThat(line.row()).isCloseTo((double) row, within(Math.max(0.1 * row, 0.1 * slack)));
    for (int rows : new int[] {1, 4, 16, 64, 128}) {
      double expected = fixed + (double) rows * row;
      assertThat(line.nanos(rows)).isCloseTo(expected, within(0.1 * expected));
    }
  }

  @Test
  void line_oneSizeOnly_isNotKnown() {
    observe(100, 1, 5_000);
    assertThat(cost.line().known()).isFalse();
    assertThat(cost.line().one()).isEqualTo(5_000);
    assertThat(cost.line().nanos(10)).isEqualTo(50_000);
  }

  @Test
  void line_threeRunsOfAnotherSize_sayNothing() {
    observe(16, 1, 5_000);
    observe(3, 8, 12_000);
    assertThat(cost.line().known()).isFalse();
    observe(20, 8, 12_000);
    assertThat(cost.line().fixed()).isCloseTo(4_000, within(1.0));
    assertThat(cost.line().row()).isCloseTo(1_000, within(1.0));
  }

  @Test
  void line_rowsGetCheaperThanLinear_neitherPartIsNegative() {
    observe(16, 1, 1_000);
    observe(16, 16, 900);
    observe(16, 64, 80_000);
    assertThat(cost.line().fixed()).isNotNegative();
    assertThat(cost.line().row()).isNotNegative();
  }

  @Test
  void line_costChanges_isForgottenAfterTheLastSixteen() {
    observe(16, 1, 500_000);
    observe(16, 16, 900_000);
    observe(16, 1, 5_000);
    observe(16, 16, 20_000);
    assertThat(cost.line().nanos(1)).isCloseTo(5_000, within(1.0));
    assertThat(cost.line().nanos(16)).isCloseTo(20_000, within(1.0));
  }

  @Test
  void saving_callersOwnRowsAreCheaper_isCountedAgainstThose() {
    observe(16, 1, 10_000);
    observe(16, 16, 40_000);
    for (int i = 0; i < 16; i++) {
      cost.observeOwn(4_000);
    }
    observe(16, 64, 160_000);
    assertThat(cost.line().one()).isEqualTo(4_000);
    assertThat(cost.line().saving()).isCloseTo(1_500, within(100.0));
  }

  @Test
  void observe_noTime_isIgnored() {
    assertThat(cost.observe(1, 0)).isFalse();
    assertThat(cost.observe(1, -5)).isFalse();
    assertThat(cost.runs()).isZero();
  }

  /** Twelve hours of 50,000 runs a second. */
  @Test
  void observe_moreThanTwoBillionRuns_goesOn() throws Exception {
    observe(100, 1, 5_000);
    Field field = RunCost.class.getDeclaredField("counts");
    field.setAccessible(true);
    int[] counts = (int[]) field.get(cost);
    Arrays.setAll(counts, i -> counts[i] < 100 ? counts[i] : Integer.MAX_VALUE - 5);
    observe(100, 1, 7_000);
    assertThat(cost.line().one()).isEqualTo(7_000);
  }

  @Test
  void cheapest_sizesNotTried_areTriedFirst() {
    assertThat(cost.cheapest(0, 16, 32, 64)).isEqualTo(16);
    observe(4, 16, 160);
    assertThat(cost.cheapest(0, 16, 32, 64)).isEqualTo(32);
    observe(4, 32, 280);
    observe(4, 64, 700);
    assertThat(cost.cheapest(0, 16, 32, 64)).isEqualTo(32);
  }
}
