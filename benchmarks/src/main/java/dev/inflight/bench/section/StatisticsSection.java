package dev.inflight.bench.section;

import dev.inflight.bench.Profile;
import dev.inflight.bench.call.InflightVariants;
import dev.inflight.bench.model.BenchModel;
import dev.inflight.bench.report.Result;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/** Single rows on one thread: what it costs that each call is counted, timed and watched. */
final class StatisticsSection implements Section {
  static final String NAME = "statistics";
  private static final int FORKS = 7;

  @Override
  public void run(Profile profile, Consumer<Result> sink) throws Exception {
    for (String name : List.of("m0", "m2", "m4")) {
      BenchModel model = BenchModel.of(name);
      new Race(NAME, "onnx", name, 1)
          .add("Inflight, statistics off", () -> InflightVariants.codecWithoutStatistics(model))
          .add("Inflight, statistics on", () -> InflightVariants.codec(model))
          .run(profile, sink);
    }
    boolean quick = profile.equals(Profile.quick());
    WatchedProcess.compare(quick ? 1 : FORKS, quick, sink);
    recording(profile, sink);
  }

  /** Two threads record into lanes of one version. */
  private static void recording(Profile profile, Consumer<Result> sink) throws Exception {
    double alone = 0;
    for (int threads = 1; threads <= 2; threads++) {
      double micros = Jmh.score(profile, "RecordBenchmark.record$", threads) / 1e3;
      alone = threads == 1 ? micros : alone;
      Map<String, Double> values =
          Map.of("p10", micros, "median", micros, "bytes", 0.0, "ratio", micros / alone);
      sink.accept(
          new Result(NAME, "recording", "one record", threads, "JMH, rows are threads", values));
    }
  }
}
