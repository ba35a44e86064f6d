/** What the suite measures, each in a JVM of its own. */
@org.jspecify.annotations.NullMarked
package dev.inflight.bench.section;
