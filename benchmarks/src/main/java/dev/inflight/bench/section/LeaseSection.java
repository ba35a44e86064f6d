package dev.inflight.bench.section;

import dev.inflight.bench.Profile;
import dev.inflight.bench.report.Result;
import java.util.Map;
import java.util.function.Consumer;

/** Lease and release under JMH, on one thread and on two. */
final class LeaseSection implements Section {
  static final String NAME = "lease";

  @Override
  public void run(Profile profile, Consumer<Result> sink) throws Exception {
    for (int threads = 1; threads <= 2; threads++) {
      double nanos = Jmh.score(profile, "LeaseBenchmark.leaseAndRelease$", threads);
      sink.accept(
          new Result(
              NAME, "jmh", "lease and release", threads, "Inflight", Map.of("nanos", nanos)));
    }
  }
}
