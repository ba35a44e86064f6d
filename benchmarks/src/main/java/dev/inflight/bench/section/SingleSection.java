package dev.inflight.bench.section;

import dev.inflight.bench.Profile;
import dev.inflight.bench.call.DjlVariants;
import dev.inflight.bench.call.InflightVariants;
import dev.inflight.bench.call.OrtVariants;
import dev.inflight.bench.model.Batch;
import dev.inflight.bench.model.BenchModel;
import dev.inflight.bench.model.StoredModels;
import dev.inflight.bench.report.Result;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;

/** ONNX models, one thread: raw ONNX Runtime Java four ways, DJL two ways, ours four ways. */
final class SingleSection implements Section {
  static final String NAME = "single";
  private static final Path STORED = Path.of("testmodels");

  @Override
  public void run(Profile profile, Consumer<Result> sink) throws Exception {
    for (String name : profile.models()) {
      for (int rows : profile.rows()) {
        race(BenchModel.of(name), rows, profile, sink);
      }
    }
    for (BenchModel model :
        List.of(StoredModels.digitsConvnet(STORED), StoredModels.randomForest(STORED))) {
      race(model, 1, profile, sink);
      race(model, 32, profile, sink);
    }
    for (int rows : new int[] {1, 32}) {
      race(BenchModel.of("m1-ml"), rows, profile, sink);
    }
    // Its converter declares labels of one row; with more, ONNX Runtime warns at every run.
    race(StoredModels.gradientBoosting(STORED), 1, profile, sink);
  }

  private static void race(BenchModel model, int rows, Profile profile, Consumer<Result> sink)
      throws Exception {
    List<Batch> batches = model.batches(rows);
    Race race = new Race(NAME, "onnx", model.name(), rows);
    race.add("ORT, all reused", () -> OrtVariants.reused(model, batches));
    race.add("ORT, pinned output", () -> OrtVariants.pinned(model, batches));
    race.add("ORT, direct buffer", () -> OrtVariants.directBuffer(model, batches));
    race.add("ORT, arrays", () -> OrtVariants.arrays(model, batches));
    if (rows == 1) {
      race.add("Inflight, codec", () -> InflightVariants.codec(model));
      race.add("Inflight, codec, listener", () -> InflightVariants.codecWithListener(model));
    } else {
      race.add("Inflight, list", () -> InflightVariants.codecList(model, batches));
    }
    if (model.isCompilable()) {
      race.add(
          "Inflight, compiled",
          () ->
              rows == 1
                  ? InflightVariants.compiled(model)
                  : InflightVariants.compiledList(model, batches));
    }
    race.add("Inflight, tensors", () -> InflightVariants.tensors(model, batches));
    race.add("DJL", () -> DjlVariants.whole(model, batches));
    race.add("DJL, NoopTranslator", () -> DjlVariants.noop(model, batches));
    if (rows > 1) {
      race.add("DJL, batchPredict", () -> DjlVariants.rows(model, batches));
    }
    race.run(profile, sink);
  }
}
