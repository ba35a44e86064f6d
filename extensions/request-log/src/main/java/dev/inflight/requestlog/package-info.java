/**
 * Writes some of the calls of a model down; begin with {@link dev.inflight.requestlog.RequestLog}.
 */
@org.jspecify.annotations.NullMarked
package dev.inflight.requestlog;
