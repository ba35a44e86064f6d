/** Runs ONNX models through ONNX Runtime's Java binding. */
@org.jspecify.annotations.NullMarked
module dev.inflight.onnx {
  requires transitive dev.inflight;
  requires com.microsoft.onnxruntime;
  requires org.slf4j;
  requires static org.jspecify;

  exports dev.inflight.onnx;
}
