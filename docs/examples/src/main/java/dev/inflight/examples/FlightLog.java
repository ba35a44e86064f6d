package dev.inflight.examples;

import java.io.PrintStream;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.HdrHistogram.Histogram;

/** What a main job says while it runs and when it is done. */
final class FlightLog {
  private static final String[] PHASES = {"before the swap", "during the swap", "after the swap"};

  private final PrintStream out;
  private final int names;
  private final long begin = System.nanoTime();

  /**
   * @param names columns of the names of rows
   */
  FlightLog(PrintStream out, int names) {
    this.out = out;
    this.names = names;
  }

  void say(String text) {
    out.printf("[%5.1f s] %s%n", (System.nanoTime() - begin) / 1e9, text);
  }

  void row(String name, String value) {
    out.printf("  %-" + names + "s %s%n", name, value);
  }

  void calls(Callers<?, ?> callers) {
    out.println();
    row("predictions by version", callers.byVersion().toString());
    row("failed calls", Long.toString(callers.failures()));
    row("versions seen out of order", Long.toString(callers.backwards()));
  }

  void latencies(Callers<?, ?> callers) {
    for (int i = 0; i < PHASES.length; i++) {
      Histogram latency = callers.latency(i);
      row(
          "latency " + PHASES[i],
          String.format(
              "p50 %.1f us, p99 %.1f us, max %.1f ms (%,d calls)",
              latency.getValueAtPercentile(50) / 1e3,
              latency.getValueAtPercentile(99) / 1e3,
              latency.getMaxValue() / 1e6,
              latency.getTotalCount()));
    }
  }

  /** The value, or empty when the time is up. */
  static <T> Optional<T> waitFor(CompletableFuture<T> future, Duration atMost) throws Exception {
    try {
      return Optional.of(future.get(atMost.toMillis(), TimeUnit.MILLISECONDS));
    } catch (TimeoutException e) {
      return Optional.empty();
    }
  }
}
