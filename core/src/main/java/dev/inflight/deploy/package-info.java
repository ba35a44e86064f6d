/** Follows a repository and keeps the wanted version of a model serving. */
@org.jspecify.annotations.NullMarked
package dev.inflight.deploy;
