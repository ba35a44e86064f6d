/** What one call costs: ours against the runtimes themselves and against DJL. Never published. */
@org.jspecify.annotations.NullMarked
package dev.inflight.bench;
