package dev.inflight.examples;

import dev.inflight.BulkProgress;
import dev.inflight.BulkSink;
import dev.inflight.Outcome;
import java.io.PrintStream;

/** Counts the answers of a bulk call and draws how far it is. */
final class ProgressBar<O> implements BulkSink<O> {
  private static final int WIDTH = 30;

  private final PrintStream out;
  private final long total;
  private long answered;

  ProgressBar(PrintStream out, long total) {
    this.out = out;
    this.total = total;
  }

  long answered() {
    return answered;
  }

  @Override
  public void accept(long index, Outcome<O> outcome) {
    answered += outcome.succeeded() ? 1 : 0;
  }

  @Override
  public void progress(BulkProgress progress) {
    int done = (int) (WIDTH * progress.rows() / total);
    out.printf(
        "\r  [%s%s] %3d %%  %,.0f rows/s%s",
        "#".repeat(done),
        ".".repeat(WIDTH - done),
        100 * progress.rows() / total,
        progress.rowsPerSecond(),
        progress.rows() == total ? System.lineSeparator() : "");
    out.flush();
  }
}
