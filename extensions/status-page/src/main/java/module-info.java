/** One page that shows what models do. */
@org.jspecify.annotations.NullMarked
module dev.inflight.status {
  requires transitive dev.inflight;
  requires static org.jspecify;

  exports dev.inflight.status;
}
