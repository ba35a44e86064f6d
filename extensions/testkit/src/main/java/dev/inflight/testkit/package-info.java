/**
 * What every backend and every repository must keep, as tests: subclass {@link
 * dev.inflight.testkit.BackendContract} or {@link dev.inflight.testkit.RepositoryContract}; {@link
 * dev.inflight.testkit.DirectoryContract} is the latter for what stands before a directory.
 */
@org.jspecify.annotations.NullMarked
package dev.inflight.testkit;
