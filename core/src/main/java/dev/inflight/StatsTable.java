package dev.inflight;

import java.util.Locale;

/** Statistics for eyes. */
final class StatsTable {
  private static final String HEAD =
      "%-12s %10s %8s %8s %8s %9s %9s %9s %9s %9s %9s %9s %7s%n"
          .formatted(
              "version",
              "completed",
              "failed",
              "invalid",
              "rejected",
              "timed out",
              "cancelled",
              "p50",
              "p90",
              "p99",
              "p99.9",
              "wait p99",
              "rows");

  private StatsTable() {}

  static String of(InferenceStats stats) {
    StringBuilder text =
        new StringBuilder(
            String.format(
                Locale.ROOT,
                "%s: %d predictions in %.1f s (%.0f/s), errors %.2f %%, %d rows waiting%n%s%n",
                stats.model(),
                stats.total().ends().all(),
                stats.over().toNanos() / 1e9,
                stats.perSecond(),
                100 * stats.total().ends().errorRatio(),
                stats.waiting(),
                stats.batching()));
    text.append(HEAD);
    for (VersionStats version : stats.versions()) {
      line(text, (version.current() ? "*" : " ") + version.version(), version);
    }
    VersionStats gone = stats.gone();
    if (gone.ends().all() > 0) {
      line(text, " (gone)", gone);
    }
    line(text, " all", stats.total());
    return text.toString();
  }

  private static void line(StringBuilder text, String name, VersionStats stats) {
    Ends ends = stats.ends();
    Histogram latency = stats.latency();
    text.append(
        String.format(
            Locale.ROOT,
            "%-12s %10d %8d %8d %8d %9d %9d %9s %9s %9s %9s %9s %7.1f%n",
            name,
            ends.completed(),
            ends.failed(),
            ends.invalid(),
            ends.rejected(),
            ends.timedOut(),
            ends.cancelled(),
            nanos(latency.quantile(0.5)),
            nanos(latency.quantile(0.9)),
            nanos(latency.quantile(0.99)),
            nanos(latency.quantile(0.999)),
            nanos(stats.queued().quantile(0.99)),
            stats.rows().mean()));
  }

  /** Three digits and a unit. */
  private static String nanos(long nanos) {
    if (nanos == 0) {
      return "-";
    }
    if (nanos < 1_000_000) {
      return String.format(Locale.ROOT, "%.3g us", nanos / 1e3);
    }
    return nanos < 1_000_000_000
        ? String.format(Locale.ROOT, "%.3g ms", nanos / 1e6)
        : String.format(Locale.ROOT, "%.3g s", nanos / 1e9);
  }
}
