/** The models of the benchmarks: made here, or stored under testmodels/. */
@org.jspecify.annotations.NullMarked
package dev.inflight.bench.model;
