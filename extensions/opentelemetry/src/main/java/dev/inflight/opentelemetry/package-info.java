/**
 * Traces calls with OpenTelemetry; begin with {@link dev.inflight.opentelemetry.InflightTracing}.
 */
@org.jspecify.annotations.NullMarked
package dev.inflight.opentelemetry;
