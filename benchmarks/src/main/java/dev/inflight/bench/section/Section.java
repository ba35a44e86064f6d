package dev.inflight.bench.section;

import dev.inflight.bench.Profile;
import dev.inflight.bench.report.Result;
import java.util.function.Consumer;

/** One part of the suite. */
@FunctionalInterface
public interface Section {
  /** Measures, and hands over each result as it comes. */
  void run(Profile profile, Consumer<Result> sink) throws Exception;
}
