/**
 * Signed models: {@link dev.inflight.signing.SignedRepository} serves only what {@link
 * dev.inflight.signing.Trust} accepts, {@link dev.inflight.signing.ModelSigner} signs.
 */
@org.jspecify.annotations.NullMarked
package dev.inflight.signing;
