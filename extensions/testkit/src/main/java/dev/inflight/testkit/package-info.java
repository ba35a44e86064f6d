/**
 * What every backend must keep, as tests: subclass {@link dev.inflight.testkit.BackendContract}.
 */
@org.jspecify.annotations.NullMarked
package dev.inflight.testkit;
