/**
 * What every backend and every repository must keep, as tests: subclass {@link
 * dev.inflight.testkit.BackendContract} or {@link dev.inflight.testkit.RepositoryContract}.
 */
@org.jspecify.annotations.NullMarked
package dev.inflight.testkit;
