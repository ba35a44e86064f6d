/** Runs Tribuo models. */
@org.jspecify.annotations.NullMarked
module dev.inflight.tribuo {
  requires transitive dev.inflight;
  requires transitive org.tribuo.core;
  requires org.tribuo.classification.core;
  requires org.tribuo.regression.core;
  requires static org.tribuo.multilabel.core;
  requires static org.tribuo.anomaly.core;
  requires static org.tribuo.clustering.core;
  requires com.google.protobuf;
  requires com.oracle.labs.mlrg.olcut;
  requires com.oracle.labs.mlrg.olcut.config.protobuf;
  requires static org.jspecify;

  exports dev.inflight.tribuo;
}
