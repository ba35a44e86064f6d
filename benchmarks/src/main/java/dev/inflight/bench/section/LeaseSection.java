package dev.inflight.bench.section;

import dev.inflight.bench.Profile;
import dev.inflight.bench.report.Result;
import java.util.Map;
import java.util.function.Consumer;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** Lease and release under JMH, on one thread and on two. */
final class LeaseSection implements Section {
  static final String NAME = "lease";

  @Override
  public void run(Profile profile, Consumer<Result> sink) throws Exception {
    TimeValue time = TimeValue.milliseconds(profile.measureMillis());
    for (int threads = 1; threads <= 2; threads++) {
      var options =
          new OptionsBuilder()
              .include("LeaseBenchmark.leaseAndRelease$")
              .threads(threads)
              .forks(1)
              .warmupIterations(3)
              .warmupTime(time)
              .measurementIterations(5)
              .measurementTime(time)
              .verbosity(VerboseMode.SILENT)
              .build();
      for (RunResult result : new Runner(options).run()) {
        sink.accept(
            new Result(
                NAME,
                "jmh",
                "lease and release",
                threads,
                "Inflight",
                Map.of("nanos", result.getPrimaryResult().getScore())));
      }
    }
  }
}
