/** Many callers, closed and open loop. */
@org.jspecify.annotations.NullMarked
package dev.inflight.bench.load;
