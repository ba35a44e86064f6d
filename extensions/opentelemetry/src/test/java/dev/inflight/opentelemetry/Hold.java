package dev.inflight.opentelemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.DoubleUnaryOperator;

/** Doubles; row {@link #HELD} keeps its lane until it is let go, row {@link #GUILTY} fails. */
final class Hold implements DoubleUnaryOperator {
  static final double HELD = 1000;
  static final double GUILTY = 1313;
  static final String SECRET = "this message quotes the row";

  private final CountDownLatch inside = new CountDownLatch(1);
  private final CountDownLatch go = new CountDownLatch(1);

  @Override
  public double applyAsDouble(double row) {
    if (row == GUILTY) {
      throw new ArithmeticException(SECRET);
    }
    if (row == HELD) {
      inside.countDown();
      await(go);
    }
    return 2 * row;
  }

  void awaitInside() {
    await(inside);
  }

  void letGo() {
    go.countDown();
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(20, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
