/**
 * For authors of remote repositories: a {@link dev.inflight.fetch.HttpSource} that times out,
 * quotes errors and resumes, and a {@link dev.inflight.fetch.Staging} that lets nothing but plain
 * files of the right size and digest into a version's directory. For their users: a {@link
 * dev.inflight.fetch.CachedRepository} that answers while the source is away.
 */
@org.jspecify.annotations.NullMarked
package dev.inflight.fetch;
