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
  requires static org.tribuo.common.sgd;
  requires static org.tribuo.common.tree;
  requires static org.tribuo.classification.sgd;
  requires static org.tribuo.multilabel.sgd;
  requires static org.tribuo.regression.sgd;
  requires static org.tribuo.regression.slm;
  requires static org.tribuo.regression.rtree;
  requires org.tribuo.math;
  requires com.google.protobuf;
  requires com.oracle.labs.mlrg.olcut;
  requires com.oracle.labs.mlrg.olcut.config.protobuf;
  requires org.slf4j;
  requires static org.jspecify;

  exports dev.inflight.tribuo;
}
