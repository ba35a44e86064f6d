/** Tribuo models for Inflight: {@link dev.inflight.tribuo.TribuoLoader} is the door. */
@org.jspecify.annotations.NullMarked
package dev.inflight.tribuo;
