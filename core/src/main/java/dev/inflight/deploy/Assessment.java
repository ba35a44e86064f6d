package dev.inflight.deploy;

import dev.inflight.deploy.CanaryReport.Verdict;
import java.time.Duration;

/** Takes what a comparison counts, and says what follows. Any thread. */
interface Assessment {
  /** What is counted. */
  Panel panel();

  /** Adds a row of the panel's counters, an epoch say, and looks. */
  Verdict add(long[] row);

  /** Adds what is mature and looks after each. */
  default void add(Labels<?> labels) {
    labels.mature(
        (liveWrong, candidateWrong) -> {
          long[] row = new long[panel().width()];
          panel().label(liveWrong, candidateWrong, (index, times) -> row[index] += times);
          add(row);
        });
  }

  /** {@return the verdict now, which may be that the time is up} */
  Verdict verdict();

  /** {@return how things stand; some milliseconds of work, without a look} */
  CanaryReport report();

  /** {@return for how long it has counted, over restarts} Takes no lock. */
  Duration elapsed();

  /** From now on nothing is counted: what is reported and kept agree. */
  void stop();
}
