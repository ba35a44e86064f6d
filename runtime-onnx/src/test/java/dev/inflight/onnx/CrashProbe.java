package dev.inflight.onnx;

import dev.inflight.tensor.DataType;
import dev.inflight.tensor.Tensors;
import java.nio.file.Path;

/** Runs a model with one row of zeros, by ONNX Runtime alone; some models kill their JVM so. */
final class CrashProbe {
  private CrashProbe() {}

  /** Arguments: the model's file, its input, the dimensions of the row. */
  public static void main(String[] arguments) throws Exception {
    long[] dims = new long[arguments.length - 2];
    for (int i = 0; i < dims.length; i++) {
      dims[i] = Long.parseLong(arguments[i + 2]);
    }
    RawOrt.run(
        Path.of(arguments[0]),
        Tensors.of(arguments[1], MalformedRows.tensor(DataType.FLOAT32, dims)));
    System.out.println("answered");
  }
}
