/** A sampled log of requests and answers. */
@org.jspecify.annotations.NullMarked
module dev.inflight.requestlog {
  requires transitive dev.inflight;
  requires com.fasterxml.jackson.core;
  requires org.slf4j;
  requires static org.jspecify;

  exports dev.inflight.requestlog;
}
