/**
 * The data that goes into and comes out of a model: typed, shaped, in native byte order. Data only:
 * nothing in this package computes, and nothing in it knows a runtime.
 */
@org.jspecify.annotations.NullMarked
package dev.inflight.tensor;
