/** Models from an MLflow registry. */
@org.jspecify.annotations.NullMarked
module dev.inflight.mlflow {
  requires transitive dev.inflight;
  requires transitive dev.inflight.fetch;
  requires static transitive dev.inflight.onnx;
  requires com.fasterxml.jackson.databind;
  requires org.yaml.snakeyaml;
  requires static org.jspecify;

  exports dev.inflight.mlflow;
}
