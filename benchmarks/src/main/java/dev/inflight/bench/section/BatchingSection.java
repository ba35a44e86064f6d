package dev.inflight.bench.section;

import dev.inflight.bench.Profile;
import dev.inflight.bench.call.InflightVariants;
import dev.inflight.bench.call.OrtVariants;
import dev.inflight.bench.model.Batch;
import dev.inflight.bench.model.BenchModel;
import dev.inflight.bench.report.Result;
import java.util.List;
import java.util.function.Consumer;

/** What a row costs in batches of different sizes. */
final class BatchingSection implements Section {
  static final String NAME = "batching";

  @Override
  public void run(Profile profile, Consumer<Result> sink) throws Exception {
    for (String name : profile.models()) {
      BenchModel model = BenchModel.of(name);
      for (int rows : profile.batchRows()) {
        List<Batch> batches = model.batches(rows);
        new Race(NAME, "batch", name, rows)
            .add("ORT, all reused", () -> OrtVariants.reused(model, batches))
            .add("Inflight, list", () -> InflightVariants.codecList(model, batches))
            .add("Inflight, tensors", () -> InflightVariants.tensors(model, batches))
            .run(profile, sink);
      }
    }
  }
}
