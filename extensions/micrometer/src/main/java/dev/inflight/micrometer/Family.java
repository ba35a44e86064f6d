package dev.inflight.micrometer;

import static dev.inflight.micrometer.Kind.COUNTER;
import static dev.inflight.micrometer.Kind.DURATIONS;
import static dev.inflight.micrometer.Kind.GAUGE;
import static dev.inflight.micrometer.Kind.SECONDS;
import static dev.inflight.micrometer.Kind.SIZES;
import static dev.inflight.micrometer.Kind.TIMES;

/** Everything that is shown: the guide's table says what each one means. */
enum Family {
  WATCHED("inflight.watched", GAUGE, "", "1 while the model is shown"),

  PREDICTIONS("inflight.predictions", COUNTER, "predictions", "Predictions, by how they ended"),
  CALL("inflight.call", DURATIONS, "", "From a call to its answer"),
  QUEUE_WAIT("inflight.queue.wait", DURATIONS, "", "What calls that waited for a lane waited"),
  RUN("inflight.run", DURATIONS, "", "One run of the backend, encoding and decoding included"),
  RUN_ROWS("inflight.run.rows", SIZES, "rows", "Rows of a run"),
  RUNS("inflight.runs", COUNTER, "runs", "Runs, by why they began"),
  ENCODE("inflight.encode", TIMES, "", "What codecs took to write the rows of some runs"),
  DECODE("inflight.decode", TIMES, "", "What codecs took to read the answers of some runs"),

  CALL_PERCENTILE("inflight.call.percentile", SECONDS, "", "Of inflight.call, lately"),
  WAIT_PERCENTILE("inflight.queue.wait.percentile", SECONDS, "", "Of inflight.queue.wait, lately"),
  RUN_PERCENTILE("inflight.run.percentile", SECONDS, "", "Of inflight.run, lately"),
  ROWS_PERCENTILE("inflight.run.rows.percentile", GAUGE, "", "Of inflight.run.rows, lately"),

  VERSION_STATE("inflight.version.state", GAUGE, "", "1 for the state that the version is in"),
  VERSIONS("inflight.versions", GAUGE, "versions", "Versions in each state"),
  REPOSITORY_AGE("inflight.repository.age", SECONDS, "", "Since its source last answered"),
  LIVE_SINCE("inflight.live.since", SECONDS, "", "When what serves began to, since 1970"),

  FIXED("inflight.batching.fixed", SECONDS, "", "What a run costs whatever its size"),
  ROW("inflight.batching.row", SECONDS, "", "What each row of a run adds"),
  SAVING("inflight.batching.saving", SECONDS, "", "What a row saves in a run of 16"),
  HAND_OFF("inflight.batching.handoff", SECONDS, "", "What a row costs that changes threads"),
  CAP("inflight.batching.cap", GAUGE, "rows", "The most rows in a run"),
  MODE("inflight.batching.mode", GAUGE, "", "1 for what calls that meet do"),

  QUEUE_ROWS("inflight.queue.rows", GAUGE, "rows", "Rows that wait"),
  UTILISATION("inflight.lanes.utilisation", GAUGE, "", "Part of the lanes' time, 0 to 1"),
  DROPPED(
      "inflight.listener.dropped", COUNTER, "events", "Events that listeners were too slow for"),
  FAILURES("inflight.listener.failures", COUNTER, "failures", "Times that a listener failed"),

  PAIRS("inflight.canary.pairs", GAUGE, "pairs", "Requests that ran on both versions"),
  VERDICT("inflight.canary.verdict", GAUGE, "", "1 for what follows from the evidence"),
  EVIDENCE("inflight.canary.evidence", GAUGE, "", "Natural logarithm of E against the claim"),
  NEEDED("inflight.canary.needed", GAUGE, "", "Evidence that refutes the claim"),
  HARM("inflight.canary.harm", GAUGE, "", "Mean harm, and its 95 % interval"),

  MEMORY_LIMIT("inflight.memory.limit", GAUGE, "bytes", "What versions may hold"),
  MEMORY_USED("inflight.memory.used", GAUGE, "bytes", "What versions hold"),
  MEMORY_UNRELEASED("inflight.memory.unreleased", GAUGE, "bytes", "Of that, by retired versions"),
  MEMORY_HELD("inflight.memory.held", GAUGE, "bytes", "What one version holds");

  final String meter;
  final Kind kind;

  /** As Micrometer calls it; empty where there is none, or the kind says it. */
  final String unit;

  final String help;

  Family(String meter, Kind kind, String unit, String help) {
    this.meter = meter;
    this.kind = kind;
    this.unit = unit;
    this.help = help;
  }
}
