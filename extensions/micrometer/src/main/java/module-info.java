/** Models as Micrometer meters. */
@org.jspecify.annotations.NullMarked
module dev.inflight.micrometer {
  requires transitive dev.inflight;
  requires transitive micrometer.core;
  requires static micrometer.registry.prometheus;
  requires static io.prometheus.metrics.model;
  requires static org.jspecify;

  exports dev.inflight.micrometer;
}
