/** One page that shows what models do. */
@org.jspecify.annotations.NullMarked
package dev.inflight.status;
