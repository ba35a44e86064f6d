package dev.inflight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class HistogramTest {
  private static Histogram of(long... values) {
    Distribution distribution = new Distribution();
    for (long value : values) {
      distribution.record(value);
    }
    return distribution.snapshot();
  }

  private static long[] random(Random random, int n) {
    long[] values = new long[n];
    for (int i = 0; i < n; i++) {
      values[i] = (long) Math.exp(random.nextDouble() * 28);
    }
    return values;
  }

  @Test
  void index_everyBoundary_isWhereItsBucketBegins() {
    for (int i = 0; i < Distribution.BUCKETS; i++) {
      assertThat(Distribution.index(Distribution.from(i))).isEqualTo(i);
      assertThat(Distribution.index(Distribution.from(i + 1) - 1)).isEqualTo(i);
    }
    assertThat(Distribution.index(Long.MAX_VALUE)).isEqualTo(Distribution.BUCKETS - 1);
    assertThat(Distribution.index(-1)).isZero();
  }

  @Test
  void quantile_randomValues_isWithinTheDocumentedError() {
    long seed = System.nanoTime();
    System.out.println("histogram: seed " + seed);
    Random random = new Random(seed);
    for (int round = 0; round < 200; round++) {
      long[] values = random(random, 1 + random.nextInt(500));
      Histogram histogram = of(values);
      Arrays.sort(values);
      for (double part : new double[] {0, 0.5, 0.9, 0.99, 0.999, 1, random.nextDouble()}) {
        long exact = values[Math.max(0, (int) Math.ceil(part * values.length) - 1)];
        assertThat((double) histogram.quantile(part))
            .isBetween(exact * (1 - 1 / 32.0), exact * (1 + 1 / 32.0));
      }
      assertThat(histogram.count()).isEqualTo(values.length);
      assertThat(histogram.sum()).isEqualTo(Arrays.stream(values).sum());
      assertThat(histogram.max()).isEqualTo(values[values.length - 1]);
    }
  }

  @Test
  void quantile_smallNumbers_isExact() {
    assertThat(of(0, 1, 15).quantile(0.5)).isEqualTo(1);
    assertThat(of(0, 1, 15).quantile(1)).isEqualTo(15);
    assertThat(Histogram.EMPTY.quantile(0.99)).isZero();
    assertThat(Histogram.EMPTY.mean()).isZero();
  }

  @Test
  void quantile_notAPart_isRefused() {
    assertThatThrownBy(() -> of(1).quantile(1.5)).hasMessage("quantile: expected 0 to 1, got 1.5");
    assertThatThrownBy(() -> of(1).quantile(Double.NaN))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void plusAndSince_anyTwo_areThatOfAllValuesAndBack() {
    Random random = new Random(7);
    long[] first = random(random, 300);
    long[] second = random(random, 200);
    List<Long> both = new ArrayList<>();
    Arrays.stream(first).forEach(both::add);
    Arrays.stream(second).forEach(both::add);
    Histogram all = of(both.stream().mapToLong(Long::longValue).toArray());

    assertThat(of(first).plus(of(second)).buckets()).isEqualTo(all.buckets());
    Histogram window = all.since(of(first));
    assertThat(window.buckets()).isEqualTo(of(second).buckets());
    assertThat(window.sum()).isEqualTo(of(second).sum());
    assertThat(window.max()).isBetween(of(second).max(), (long) (of(second).max() * 17.0 / 16));
    assertThat(all.since(all).count()).isZero();
    assertThat(all.since(all).max()).isZero();
    assertThat(all.since(Histogram.EMPTY)).isSameAs(all);
  }

  @Test
  void countBelow_aBoundary_isExact() {
    Histogram histogram = of(1, 31, 32, 100, 1 << 20);
    assertThat(histogram.countBelow(32)).isEqualTo(2);
    assertThat(histogram.countBelow(64)).isEqualTo(3);
    assertThat(histogram.countBelow(1L << 40)).isEqualTo(5);
    assertThat(histogram.buckets().get(0)).isEqualTo(new Histogram.Bucket(1, 2, 1));
  }
}
