/** Contract tests for backends. */
@org.jspecify.annotations.NullMarked
module dev.inflight.testkit {
  requires transitive dev.inflight;
  requires transitive org.junit.jupiter.api;
  requires transitive org.assertj.core;
  requires static org.jspecify;

  exports dev.inflight.testkit;
}
