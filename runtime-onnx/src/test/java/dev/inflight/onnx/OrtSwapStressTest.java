package dev.inflight.onnx;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.inflight.CallOptions;
import dev.inflight.Codec;
import dev.inflight.InferenceListener;
import dev.inflight.InferenceRun;
import dev.inflight.Lanes;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelSlot;
import dev.inflight.Prediction;
import dev.inflight.testkit.GuardedModel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Real sessions swapped under load: every answer is that of the version that says it gave it. */
class OrtSwapStressTest {
  private static final long SECONDS = Long.getLong("inflight.stress.seconds", 30);
  private static final int CALLERS = 4;

  /** Even versions are one model, odd ones another with the same signature. */
  private static GuardedModel<Cell, Verdict> load(int version) {
    String name = version % 2 == 0 ? "cancer-boosted" : "cancer-logistic";
    Path directory = Path.of(System.getProperty("inflight.root"), "testmodels/onnx", name);
    return new GuardedModel<>(
        OnnxLoader.of(Codec.records(Cell.class, Verdict.class))
            .load(ModelArtifact.of("cancer", Integer.toString(version), directory)));
  }

  record Cell(
      float meanRadius,
      float meanTexture,
      float meanPerimeter,
      float meanArea,
      float meanSmoothness,
      float meanCompactness,
      float meanConcavity,
      float meanConcavePoints,
      float meanSymmetry,
      float meanFractalDimension) {}

  record Verdict(String label, float probability) {}

  private static final Cell CELL =
      new Cell(14.1f, 19.3f, 92f, 655f, 0.1f, 0.1f, 0.09f, 0.05f, 0.18f, 0.06f);

  private static Verdict alone(Model<Cell, Verdict> model) {
    try (Lanes lanes = Lanes.of(1);
        ModelSlot<Cell, Verdict> slot = ModelSlot.of(model, lanes)) {
      return slot.predictor().predict(CELL);
    }
  }

  @Test
  void swap_ofRealSessionsUnderLoad_keepsEveryPromise() throws Exception {
    Verdict[] expected = {alone(load(0)), alone(load(1))};
    assertThat(expected[0]).isNotEqualTo(expected[1]);
    List<GuardedModel<Cell, Verdict>> versions = new ArrayList<>();
    versions.add(load(0));
    ExecutorService callers = Executors.newFixedThreadPool(CALLERS);
    long answered = 0;
    try (Lanes lanes = Lanes.of(2)) {
      ModelSlot<Cell, Verdict> slot = ModelSlot.of(versions.get(0), lanes);
      AutoCloseable listening =
          slot.listen(
              new InferenceListener() {
                @Override
                public void onRun(InferenceRun run) {
                  throw new IllegalStateException("a listener that always throws");
                }
              });
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(SECONDS);
      List<Future<Long>> calls = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        calls.add(callers.submit(() -> call(slot, expected, end)));
      }
      while (System.nanoTime() < end) {
        GuardedModel<Cell, Verdict> next = load(versions.size());
        versions.add(next);
        slot.swap(next).get(30, TimeUnit.SECONDS);
      }
      for (Future<Long> call : calls) {
        answered += call.get(30, TimeUnit.SECONDS);
      }
      listening.close();
      slot.close();
    } finally {
      callers.shutdownNow();
    }
    System.out.println(
        "OrtSwapStressTest: " + answered + " answers, " + versions.size() + " versions");
    assertThat(answered).isGreaterThan(SECONDS * 1000);
    assertThat(versions).hasSizeGreaterThan((int) SECONDS * 5);
    for (GuardedModel<Cell, Verdict> version : versions) {
      assertThat(version.closes()).isEqualTo(1);
      assertThat(version.violations()).isZero();
    }
  }

  /** Throws at the first wrong answer, failed call or version older than the one before. */
  private static long call(ModelSlot<Cell, Verdict> slot, Verdict[] expected, long end) {
    long answered = 0;
    int newest = 0;
    while (System.nanoTime() < end) {
      Prediction<Verdict> prediction = slot.predictor().call(CELL, CallOptions.defaults());
      int version = Integer.parseInt(prediction.model().version());
      assertThat(version).isGreaterThanOrEqualTo(newest);
      newest = version;
      Verdict right = expected[version % 2];
      assertThat(prediction.value().label()).isEqualTo(right.label());
      // Callers that meet share a run, which may differ in the last bits.
      assertThat(prediction.value().probability()).isCloseTo(right.probability(), within(1e-6f));
      answered++;
    }
    return answered;
  }
}
