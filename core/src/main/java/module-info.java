/**
 * Runs machine-learning models inside a Java process: loads and checks them, swaps versions, shows
 * what they do.
 */
@SuppressWarnings("module") // javac does not see those that may use our files
@org.jspecify.annotations.NullMarked
module dev.inflight {
  requires java.management;
  requires jdk.jfr;
  requires jdk.management;
  requires org.slf4j;
  requires static org.jspecify;

  exports dev.inflight;
  exports dev.inflight.deploy;
  exports dev.inflight.files to
      dev.inflight.fetch,
      dev.inflight.signing;
  exports dev.inflight.repository;
  exports dev.inflight.tensor;
}
