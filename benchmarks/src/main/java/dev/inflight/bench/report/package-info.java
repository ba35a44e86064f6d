/** Results, tables, plots and pages. */
@org.jspecify.annotations.NullMarked
package dev.inflight.bench.report;
