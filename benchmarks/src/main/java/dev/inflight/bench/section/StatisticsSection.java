package dev.inflight.bench.section;

import dev.inflight.bench.Profile;
import dev.inflight.bench.call.InflightVariants;
import dev.inflight.bench.model.BenchModel;
import dev.inflight.bench.report.Result;
import java.util.List;
import java.util.function.Consumer;

/** Single rows on one thread: what it costs that each call is counted and timed. */
final class StatisticsSection implements Section {
  static final String NAME = "statistics";

  @Override
  public void run(Profile profile, Consumer<Result> sink) throws Exception {
    for (String name : List.of("m0", "m2", "m4")) {
      BenchModel model = BenchModel.of(name);
      new Race(NAME, "onnx", name, 1)
          .add("Inflight, statistics off", () -> InflightVariants.codecWithoutStatistics(model))
          .add("Inflight, statistics on", () -> InflightVariants.codec(model))
          .run(profile, sink);
    }
  }
}
