/** Ways to make one call. */
@org.jspecify.annotations.NullMarked
package dev.inflight.bench.call;
