package dev.inflight.bench.section;

import dev.inflight.bench.Profile;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/** One JMH benchmark as a cell of a section. */
final class Jmh {
  private Jmh() {}

  /** {@return its score} */
  static double score(Profile profile, String include, int threads) throws RunnerException {
    TimeValue time = TimeValue.milliseconds(profile.measureMillis());
    var options =
        new OptionsBuilder()
            .include(include)
            .threads(threads)
            .forks(1)
            .warmupIterations(3)
            .warmupTime(time)
            .measurementIterations(5)
            .measurementTime(time)
            .verbosity(VerboseMode.SILENT)
            .build();
    return new Runner(options).runSingle().getPrimaryResult().getScore();
  }
}
