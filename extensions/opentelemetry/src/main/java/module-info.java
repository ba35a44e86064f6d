/** OpenTelemetry spans of calls. */
@org.jspecify.annotations.NullMarked
module dev.inflight.opentelemetry {
  requires transitive dev.inflight;
  requires transitive io.opentelemetry.api;
  requires io.opentelemetry.common;
  requires io.opentelemetry.context;
  requires static org.jspecify;

  exports dev.inflight.opentelemetry;
}
