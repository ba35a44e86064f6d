/**
 * What models do, where Micrometer's registries look: {@link
 * dev.inflight.micrometer.InflightMetrics}.
 */
@org.jspecify.annotations.NullMarked
package dev.inflight.micrometer;
