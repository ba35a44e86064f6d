/** ONNX models for Inflight: {@link dev.inflight.onnx.OnnxLoader} is the door. */
@org.jspecify.annotations.NullMarked
package dev.inflight.onnx;
