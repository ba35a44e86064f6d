package dev.inflight.onnx;

import dev.inflight.Lanes;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelSlot;
import dev.inflight.tensor.Tensors;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Runs the cases listed in a file, each by ONNX Runtime's own Java binding and by ours. */
final class ConformanceMain {
  /** As {@code onnx.backend.test} compares by default. */
  private static final double RTOL = 1e-3;

  private static final double ATOL = 1e-7;

  private ConformanceMain() {}

  private interface Evaluation {
    Tensors run(Tensors row) throws Exception;
  }

  public static void main(String[] arguments) throws IOException {
    for (String line : Files.readAllLines(Path.of(arguments[0]))) {
      Path directory = Path.of(line);
      System.out.println("\ncase " + line);
      System.out.println("\nraw " + raw(directory));
      System.out.println("\nours " + ours(directory));
    }
    System.out.println("\ndone");
    System.exit(0);
  }

  private static String raw(Path directory) {
    return verdict(directory, row -> RawOrt.run(directory.resolve("model.onnx"), row));
  }

  private static String ours(Path directory) {
    OnnxOptions options = OnnxOptions.defaults().withZeroDimensions(true).withUndeclaredRank(true);
    try (Lanes lanes = Lanes.of(1);
        ModelSlot<Tensors, Tensors> slot =
            ModelSlot.of(
                OnnxLoader.tensors()
                    .withOptions(options)
                    .load(ModelArtifact.of(directory.getFileName().toString(), "1", directory)),
                lanes)) {
      String unpinned = verdict(directory, slot.predictor()::predict);
      return unpinned.equals("pass") ? verdict(directory, slot.predictor()::predict) : unpinned;
    } catch (RuntimeException | Error e) {
      return failed(e);
    }
  }

  /** All data sets of the case. */
  private static String verdict(Path directory, Evaluation evaluation) {
    try {
      OnnxGraph graph = OnnxGraph.read(CaseFiles.bytes(directory.resolve("model.onnx")));
      for (Path set : CaseFiles.directories(directory, "test_data_set_")) {
        Tensors actual = evaluation.run(CaseFiles.inputs(set, graph));
        CaseFiles.assertClose(actual, CaseFiles.outputs(set, graph), RTOL, ATOL);
      }
      return "pass";
    } catch (Exception | Error e) {
      return failed(e);
    }
  }

  private static String failed(Throwable e) {
    return "fail " + e.toString().replace('\n', ' ');
  }
}
