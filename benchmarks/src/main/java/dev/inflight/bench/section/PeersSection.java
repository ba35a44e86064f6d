package dev.inflight.bench.section;

import dev.inflight.bench.Profile;
import dev.inflight.bench.call.InflightVariants;
import dev.inflight.bench.call.LightGbmVariants;
import dev.inflight.bench.call.OrtVariants;
import dev.inflight.bench.call.PmmlVariants;
import dev.inflight.bench.call.TribuoModels;
import dev.inflight.bench.call.TribuoVariants;
import dev.inflight.bench.model.BenchModel;
import dev.inflight.bench.model.Forest;
import dev.inflight.bench.model.ForestText;
import dev.inflight.bench.model.PmmlText;
import dev.inflight.bench.report.Result;
import java.util.List;
import java.util.function.Consumer;
import org.tribuo.Model;
import org.tribuo.classification.Label;

/** Libraries with a runtime of their own, one thread, one row, and 32 where they take more. */
final class PeersSection implements Section {
  static final String NAME = "peers";
  private static final int WARMUP = 3;
  private static final int TREES = 100;
  private static final int ROWS = 2048;

  @Override
  public void run(Profile profile, Consumer<Result> sink) throws Exception {
    BenchModel logistic = BenchModel.of("m1");
    new Race(NAME, "pmml", "m1", 1, WARMUP)
        .add("JPMML", () -> PmmlVariants.of(PmmlText.logistic(32), "p", logistic))
        .add("ORT, all reused", () -> OrtVariants.reused(logistic, logistic.batches(1)))
        .add("Inflight, codec", () -> InflightVariants.codec(logistic))
        .run(profile, sink);

    BenchModel forest = BenchModel.of("m4");
    ForestText text = new ForestText(Forest.standard());
    new Race(NAME, "pmml", "m4", 1, WARMUP)
        .add("JPMML", () -> PmmlVariants.of(text.pmml(), "y", forest))
        .add("LightGBM4J", () -> LightGbmVariants.of(text.lightGbm(), forest.batches(1)))
        .add("ORT, all reused", () -> OrtVariants.reused(forest, forest.batches(1)))
        .add("Inflight, codec", () -> InflightVariants.codec(forest))
        .run(profile, sink);
    new Race(NAME, "lightgbm", "m4", 32, WARMUP)
        .add("LightGBM4J", () -> LightGbmVariants.of(text.lightGbm(), forest.batches(32)))
        .add("ORT, all reused", () -> OrtVariants.reused(forest, forest.batches(32)))
        .add("Inflight, list", () -> InflightVariants.codecList(forest, forest.batches(32)))
        .run(profile, sink);

    tribuo("Tribuo logistic, 50 features", TribuoModels.logistic(), profile, sink);
    tribuo("Tribuo forest, 100 trees", TribuoModels.forest(TREES), profile, sink);
  }

  private static void tribuo(
      String name, Model<Label> model, Profile profile, Consumer<Result> sink) throws Exception {
    List<double[]> rows = TribuoModels.rows(ROWS, 2);
    new Race(NAME, "tribuo", name, 1, WARMUP)
        .add("Tribuo's predict", () -> TribuoVariants.own(model, rows))
        .add("Inflight, codec", () -> TribuoVariants.inflight(model, rows))
        .run(profile, sink);
  }
}
