/** Downloads for repositories that are reached over a network, and a cache of what they have. */
@org.jspecify.annotations.NullMarked
module dev.inflight.fetch {
  requires transitive dev.inflight;
  requires transitive java.net.http;
  requires org.slf4j;
  requires static org.jspecify;

  exports dev.inflight.fetch;
}
