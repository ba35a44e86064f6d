/** Serves only versions whose signature or digest is trusted. */
@org.jspecify.annotations.NullMarked
module dev.inflight.signing {
  requires transitive dev.inflight;
  requires com.fasterxml.jackson.databind;
  requires static org.jspecify;

  exports dev.inflight.signing;
}
