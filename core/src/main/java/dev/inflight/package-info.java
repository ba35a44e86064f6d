/**
 * A slot holds a model; a predictor answers rows; a run borrows one version until its answers are
 * delivered.
 *
 * <p>Users meet {@link dev.inflight.Predictor}, {@link dev.inflight.ModelSlot} and {@link
 * dev.inflight.Codec}; authors of backends {@link dev.inflight.ModelLoader}, {@link
 * dev.inflight.Model} and {@link dev.inflight.Runner}.
 */
@org.jspecify.annotations.NullMarked
package dev.inflight;
