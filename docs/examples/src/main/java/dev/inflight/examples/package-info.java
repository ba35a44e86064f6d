/** The code that the README and the guide show. */
@org.jspecify.annotations.NullMarked
package dev.inflight.examples;
