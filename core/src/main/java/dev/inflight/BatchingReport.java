package dev.inflight;

import java.util.Locale;

/**
 * What was measured of a model's runs, and what was decided from it. Times are nanoseconds of the
 * lower quartile of recent runs: what a run costs when nothing disturbs it.
 *
 * @param mode what calls do now
 * @param virtualMode what calls from virtual threads do, whose hand-off costs less
 * @param fixedNanos what a run costs whatever its size: tau0 of t(b) = alpha*b + tau0
 * @param rowNanos what each row adds: alpha
 * @param savingNanos what a row saves in a run of 16 against a run of its own
 * @param handOffNanos what handing a row to another thread and back costs in this JVM
 * @param cap the most rows in a run now
 * @param rowsPerSecond that arrived lately
 * @param utilisation part of the lanes' time that this model took lately, 0 to 1
 * @param expectedWaitNanos from arrival to answer at this load in an ideal queue, less the run of
 *     the row alone; infinite when the load is more than the lanes can carry
 * @param runs measured since the version went live
 */
public record BatchingReport(
    Mode mode,
    Mode virtualMode,
    double fixedNanos,
    double rowNanos,
    double savingNanos,
    double handOffNanos,
    int cap,
    double rowsPerSecond,
    double utilisation,
    double expectedWaitNanos,
    long runs) {

  /** What calls that meet do. */
  public enum Mode {
    /** Too few runs were measured; calls that meet share runs, because only that can tell. */
    LEARNING,
    /** Calls that find no free lane wait and share a run: it costs less than it saves. */
    BATCHED,
    /** Calls that find no free lane wait for one; runs are long, so waiting costs nothing more. */
    QUEUED,
    /** Every blocking call runs its own row at once: waiting would cost more than it saves. */
    DIRECT
  }

  /** {@return one line for a log or a page, in microseconds} */
  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%s%s: t(b) = %.1f us + b * %.2f us over %d runs; a row saves %.1f us in a batch, a hand-off costs %.1f us; "
            + "cap %d; %.0f rows/s, %.0f %% of the lanes%s",
        mode,
        virtualMode == mode ? "" : " (virtual threads " + virtualMode + ")",
        fixedNanos / 1e3,
        rowNanos / 1e3,
        runs,
        savingNanos / 1e3,
        handOffNanos / 1e3,
        cap,
        rowsPerSecond,
        100 * utilisation,
        mode == Mode.DIRECT || mode == Mode.LEARNING
            ? ""
            : Double.isInfinite(expectedWaitNanos)
                ? ", more than they can carry"
                : String.format(Locale.ROOT, ", expected wait %.1f us", expectedWaitNanos / 1e3));
  }
}
