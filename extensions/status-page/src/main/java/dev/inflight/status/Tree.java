package dev.inflight.status;

import dev.inflight.BatchingReport;
import dev.inflight.CallEnd;
import dev.inflight.Ends;
import dev.inflight.Histogram;
import dev.inflight.InferenceStats;
import dev.inflight.ModelInfo;
import dev.inflight.VersionStats;
import dev.inflight.deploy.CanaryReport;
import dev.inflight.deploy.CanaryReport.Claim;
import dev.inflight.deploy.DeploymentStatus;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** What {@link Json} writes. */
final class Tree {
  private Tree() {}

  static Map<String, Object> of(List<Look> looks) {
    return map(
        "at", Instant.now().toString(),
        "models", looks.stream().map(Tree::model).toList());
  }

  private static Map<String, Object> model(Look look) {
    DeploymentStatus status = look.status();
    return map(
        "name", status.name(),
        "live", known(status.live().map(Tree::info)),
        "problem", known(status.problem()),
        "lastHeard", known(status.lastHeard().map(Instant::toString)),
        "waiting", look.total().waiting(),
        "droppedEvents", look.total().droppedEvents(),
        "listenerFailures", look.total().listenerFailures(),
        "batching", batching(look.total().batching()),
        "window", stats(look.window()),
        "total", stats(look.total()),
        "canary", known(status.canary().map(Tree::canary)),
        "versions", status.versions().stream().map(version -> version(look, version)).toList());
  }

  private static Map<String, Object> info(ModelInfo info) {
    return map("version", info.version(), "runtime", info.runtime(), "digest", info.digest());
  }

  private static Map<String, Object> version(Look look, DeploymentStatus.Version version) {
    return map(
        "version", version.version(),
        "state", version.state().name(),
        "since", version.since().toString(),
        "reason", version.reason(),
        "attempts", version.attempts(),
        "nextAttempt", known(version.nextAttempt().map(Instant::toString)),
        "identity", version.identity(),
        "share", known(look.share(version.version())),
        "gates", version.gates().stream().map(Tree::gate).toList(),
        "window", known(look.lately(version.version()).map(Tree::figures)),
        "total", known(look.total().version(version.version()).map(Tree::figures)));
  }

  private static Map<String, Object> gate(DeploymentStatus.GateReport gate) {
    return map(
        "gate", gate.gate(),
        "passed", gate.passed(),
        "detail", gate.detail(),
        "millis", gate.millis());
  }

  private static Map<String, Object> stats(InferenceStats stats) {
    Map<String, Object> tree =
        map("seconds", stats.over().toNanos() / 1e9, "perSecond", stats.perSecond());
    tree.putAll(figures(stats.total()));
    return tree;
  }

  private static Map<String, Object> figures(VersionStats stats) {
    return map(
        "ends", ends(stats.ends()),
        "errorRatio", stats.ends().errorRatio(),
        "latencyNanos", quantiles(stats.latency()),
        "queuedNanos", quantiles(stats.queued()),
        "runNanos", quantiles(stats.run()),
        "rowsPerRun", quantiles(stats.rows()));
  }

  private static Map<String, Object> ends(Ends ends) {
    Map<String, Object> tree = new LinkedHashMap<>();
    for (CallEnd end : CallEnd.values()) {
      tree.put(end.name().toLowerCase(Locale.ROOT), ends.of(end));
    }
    return tree;
  }

  private static Map<String, Object> quantiles(Histogram histogram) {
    return map(
        "count", histogram.count(),
        "mean", histogram.mean(),
        "p50", histogram.quantile(.5),
        "p90", histogram.quantile(.9),
        "p99", histogram.quantile(.99),
        "p999", histogram.quantile(.999),
        "max", histogram.max());
  }

  private static Map<String, Object> batching(BatchingReport report) {
    return map(
        "mode", report.mode().name(),
        "virtualMode", report.virtualMode().name(),
        "fixedNanos", report.fixedNanos(),
        "rowNanos", report.rowNanos(),
        "savingNanos", report.savingNanos(),
        "handOffNanos", report.handOffNanos(),
        "cap", report.cap(),
        "rowsPerSecond", report.rowsPerSecond(),
        "utilisation", report.utilisation(),
        "expectedWaitNanos", report.expectedWaitNanos(),
        "runs", report.runs());
  }

  private static Map<String, Object> canary(CanaryReport report) {
    return map(
        "verdict", report.verdict().name(),
        "reason", report.reason(),
        "attempt", report.attempt(),
        "pairs", report.pairs(),
        "seconds", report.elapsed().toNanos() / 1e9,
        "signals", report.signals().stream().map(Tree::signal).toList());
  }

  private static Map<String, Object> signal(CanaryReport.SignalReport signal) {
    return map(
        "signal", signal.signal().name(),
        "units", signal.units(),
        "worse", signal.worse(),
        "better", signal.better(),
        "estimate", signal.estimate(),
        "lower", signal.lower(),
        "upper", signal.upper(),
        "rollBack", claim(signal.rollBack()),
        "promote", known(signal.promote().map(Tree::claim)));
  }

  private static Map<String, Object> claim(Claim claim) {
    return map(
        "margin", claim.margin(),
        "logE", claim.logE(),
        "logNeeded", claim.logNeeded(),
        "pValue", claim.pValue(),
        "more", claim.more().isPresent() ? claim.more().getAsLong() : Json.NULL);
  }

  private static Object known(Optional<?> value) {
    return value.isPresent() ? value.get() : Json.NULL;
  }

  /** Names and values in turn, in that order. */
  private static Map<String, Object> map(Object... pairs) {
    Map<String, Object> map = new LinkedHashMap<>();
    for (int i = 0; i < pairs.length; i += 2) {
      map.put((String) pairs[i], pairs[i + 1]);
    }
    return map;
  }
}
