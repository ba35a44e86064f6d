package dev.inflight.onnx;

import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtSession;
import dev.inflight.Lanes;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelSlot;
import dev.inflight.testkit.GuardedModel;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** M1 and M2: loads, predicts and unloads one model many times, and says how memory grew. */
final class Reloads {
  private static final int LEAKED_FLOATS = 64 * 1024;

  private Reloads() {}

  /** What a careless backend forgets. */
  enum Leak {
    NONE,
    MODEL,
    SESSION,
    TENSOR,
    OPTIONS,
    RESULT
  }

  /** {@code width} times 1,024 weights of 4 bytes. */
  static ModelArtifact artifact(int width) {
    float[] weights = new float[1024 * width];
    for (int i = 0; i < weights.length; i++) {
      weights[i] = 1f / (1 + i % 97);
    }
    return new OnnxBytes()
        .node("MatMul", "y", "x w")
        .weight("w", weights, 1024, width)
        .input("x", "n 1024")
        .output("y", "n " + width)
        .artifact();
  }

  /** Arguments: width, loads, what leaks, once in how many loads. */
  public static void main(String[] arguments) throws Exception {
    ModelArtifact artifact = artifact(Integer.parseInt(arguments[0]));
    long[] rss = new long[Integer.parseInt(arguments[1])];
    Leak leak = Leak.valueOf(arguments[2]);
    int every = Integer.parseInt(arguments[3]);
    OnnxLoader<float[], float[]> loader = OnnxLoader.of(OnnxBytes.floats());
    float[] row = new float[1024];
    List<Object> leaked = new ArrayList<>();
    int closed = 0;
    try (Lanes lanes = Lanes.of(1)) {
      for (int i = 0; i < rss.length; i++) {
        GuardedModel<float[], float[]> model = new GuardedModel<>(loader.load(artifact));
        ModelSlot<float[], float[]> slot = ModelSlot.of(model, lanes);
        slot.predictor().predict(row);
        boolean leaks = leak != Leak.NONE && i % every == 0;
        if (leaks && leak == Leak.MODEL) {
          leaked.add(slot.take().get(10, TimeUnit.SECONDS));
        } else if (leaks) {
          leaked.add(leak(leak, artifact));
        }
        slot.close();
        closed += model.closes();
        rss[i] = Held.rss();
      }
    }
    System.out.printf(
        Locale.ROOT,
        "loads=%d open=%d leaked=%d early=%d late=%d growth=%d slope=%.3f%n",
        rss.length,
        rss.length - closed,
        leaked.size(),
        Held.median(rss, .2, .4),
        Held.median(rss, .8, 1),
        Held.median(rss, .8, 1) - Held.median(rss, .2, .4),
        Held.slope(rss));
  }

  @SuppressWarnings("MustBeClosedChecker")
  private static Object leak(Leak leak, ModelArtifact artifact) throws Exception {
    OrtEnvironment environment = OrtEnvironment.getEnvironment();
    float[][] ones = new float[1][1024];
    return switch (leak) {
      case OPTIONS -> new OrtSession.SessionOptions();
      case TENSOR -> OnnxTensor.createTensor(environment, new float[1][LEAKED_FLOATS]);
      case SESSION -> environment.createSession(artifact.read(artifact.modelFile("onnx")));
      case RESULT -> {
        OrtSession session = environment.createSession(artifact.read(artifact.modelFile("onnx")));
        try (session;
            OnnxTensor x = OnnxTensor.createTensor(environment, ones)) {
          yield session.run(Map.of("x", x));
        }
      }
      case NONE, MODEL -> throw new IllegalArgumentException("nothing of " + leak);
    };
  }
}
