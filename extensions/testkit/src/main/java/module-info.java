/** Contract tests for backends and repositories. */
@org.jspecify.annotations.NullMarked
module dev.inflight.testkit {
  requires transitive dev.inflight;
  requires transitive jdk.httpserver;
  requires transitive org.junit.jupiter.api;
  requires org.junit.jupiter.params;
  requires transitive org.assertj.core;
  requires static org.jspecify;

  exports dev.inflight.testkit;
}
