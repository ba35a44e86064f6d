/** Downloads for repositories that are reached over a network. */
@org.jspecify.annotations.NullMarked
module dev.inflight.fetch {
  requires transitive dev.inflight;
  requires transitive java.net.http;
  requires static org.jspecify;

  exports dev.inflight.fetch;
}
