package dev.inflight.deploy;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.random.RandomGenerator;

/**
 * When what failed for a passing reason is tried again: doubling, with jitter, five times at most.
 */
final class Backoff {
  private static final Duration LONGEST = Duration.ofMinutes(5);
  private static final int ATTEMPTS = 5;

  private Backoff() {}

  static boolean isOver(int attempts) {
    return attempts >= ATTEMPTS;
  }

  /** After so many attempts, at least 1, the first wait being {@code first}: half of it to all. */
  static Duration delay(int attempts, Duration first, RandomGenerator random) {
    double doubled = (double) TimeUnit.NANOSECONDS.convert(first) * Math.pow(2, attempts - 1);
    double longest = Math.min(doubled, (double) LONGEST.toNanos());
    return Duration.ofNanos((long) (longest * (0.5 + random.nextDouble() / 2)));
  }
}
