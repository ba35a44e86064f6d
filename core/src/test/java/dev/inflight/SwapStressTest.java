package dev.inflight;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** P1 to P4 and P9: swaps with requests in flight. */
@Timeout(120)
class SwapStressTest {
  private static final long ENOUGH = 5_000_000;
  private static final Duration AT_MOST = Duration.ofSeconds(20);

  @Test
  void swap_underLoad_losesAndMixesNothing() throws Exception {
    StressHarness harness = new StressHarness(false);
    harness.run(4, 4, ENOUGH, AT_MOST, lanes -> new Leasing<>(lanes, Background::reap));
    assertThat(harness.violations()).isEmpty();
    assertThat(harness.predictions()).isGreaterThan(100_000);
    assertThat(harness.swaps()).isGreaterThan(500);
  }

  /** S1a in full. */
  @Test
  @Tag("soak")
  @Timeout(3_600)
  void swap_60_000TimesUnderLoad_losesAndMixesNothing() throws Exception {
    StressHarness harness = new StressHarness(false).swapsAtLeast(60_000);
    harness.run(
        4, 8, 100_000_000, Duration.ofMinutes(50), lanes -> new Leasing<>(lanes, Background::reap));
    assertThat(harness.violations()).isEmpty();
    assertThat(harness.predictions()).isGreaterThanOrEqualTo(100_000_000);
    assertThat(harness.swaps()).isGreaterThanOrEqualTo(60_000);
  }

  @Test
  void swap_withMoreCallersThanLanes_losesAndMixesNothing() throws Exception {
    StressHarness harness = new StressHarness(false);
    harness.run(
        2, 8, ENOUGH, Duration.ofSeconds(4), lanes -> new Leasing<>(lanes, Background::reap));
    assertThat(harness.violations()).isEmpty();
    assertThat(harness.predictions()).isGreaterThan(10_000);
  }

  /**
   * The runs are so cheap that each caller runs its own, on a spare lane if all others are taken.
   */
  @Test
  void swap_whileCallsRunDirectly_losesAndMixesNothing() throws Exception {
    StressHarness harness = new StressHarness(false);
    harness.run(
        1,
        6,
        Long.MAX_VALUE,
        Duration.ofSeconds(4),
        lanes -> new Leasing<>(lanes, Background::reap));
    assertThat(harness.violations()).isEmpty();
    assertThat(harness.highestLane()).as("a spare lane was used").isPositive();
  }

  @Test
  void swap_withListenersThatThrowAndBlock_losesAndMixesNothing() throws Exception {
    CountDownLatch release = new CountDownLatch(1);
    InferenceListener throwing =
        new InferenceListener() {
          @Override
          public void onRun(InferenceRun run) {
            throw new AssertionError("a listener that always throws");
          }
        };
    InferenceListener blocking =
        new InferenceListener() {
          @Override
          public void onRun(InferenceRun run) {
            try {
              release.await();
            } catch (InterruptedException e) {
              Thread.currentThread().interrupt();
            }
          }
        };
    StressHarness harness = new StressHarness(false);
    try {
      harness.run(
          4,
          6,
          ENOUGH,
          Duration.ofSeconds(3),
          lanes -> new Leasing<>(lanes, Background::reap),
          throwing,
          blocking);
    } finally {
      release.countDown();
    }
    assertThat(harness.violations()).isEmpty();
    assertThat(harness.predictions()).isGreaterThan(10_000);
  }

  /** Each step of the protocol is there for a reason: without it the harness finds a violation. */
  @ParameterizedTest(name = "{0}")
  @MethodSource("mutants")
  void swap_withBrokenLeasing_isDetected(
      String name, Function<Lanes, Leasing<Integer, Long>> mutant) throws Exception {
    StressHarness harness = new StressHarness(true);
    harness.run(3, 6, Long.MAX_VALUE, Duration.ofSeconds(2), mutant);
    assertThat(harness.violations()).as(name).isNotEmpty();
  }

  /** The control of the test above: the same settings, and the protocol whole. */
  @Test
  void swap_withWidenedRaces_losesAndMixesNothing() throws Exception {
    StressHarness harness = new StressHarness(true);
    harness.run(
        3,
        6,
        Long.MAX_VALUE,
        Duration.ofSeconds(3),
        lanes -> new Leasing<>(lanes, Background::reap));
    assertThat(harness.violations()).isEmpty();
  }

  static Stream<Arguments> mutants() {
    return Stream.of(
        mutant("closes directly on swap", ClosesAtOnce::new),
        mutant("leases without a second look", LeasesBlindly::new),
        mutant("retires before it publishes", RetiresFirst::new),
        mutant("never clears held", Leaks::new));
  }

  private static Arguments mutant(String name, Function<Lanes, Leasing<Integer, Long>> leasing) {
    return Arguments.of(name, leasing);
  }

  private static class Mutant extends Leasing<Integer, Long> {
    Mutant(Lanes lanes) {
      super(lanes, Background::reap);
    }

    /** A preemption at the worst place. */
    static void preempted() {
      long until = System.nanoTime() + 50_000;
      while (System.nanoTime() < until) {
        Thread.onSpinWait();
      }
    }
  }

  private static final class ClosesAtOnce extends Mutant {
    ClosesAtOnce(Lanes lanes) {
      super(lanes);
    }

    @Override
    boolean isHeld(Version<Integer, Long> version) {
      return false;
    }
  }

  private static final class LeasesBlindly extends Mutant {
    LeasesBlindly(Lanes lanes) {
      super(lanes);
    }

    @Override
    Version<Integer, Long> lease(Lane lane) {
      Version<Integer, Long> version = current();
      preempted();
      lane.held = version;
      return version;
    }
  }

  private static final class RetiresFirst extends Mutant {
    RetiresFirst(Lanes lanes) {
      super(lanes);
    }

    @Override
    void swap(Version<Integer, Long> next) {
      Version<Integer, Long> before = current();
      if (before != null) {
        retire(before);
        preempted();
      }
      publish(next);
    }
  }

  private static final class Leaks extends Mutant {
    Leaks(Lanes lanes) {
      super(lanes);
    }

    @Override
    void release(Lane lane, Version<Integer, Long> version) {
      if (version.retired) {
        reap(version);
      }
    }
  }
}
