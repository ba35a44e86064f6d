package dev.inflight.bench.report;

import java.util.Locale;

/**
 * One bar that has to be reached.
 *
 * @param work what is done
 * @param bar as it is written down
 * @param measured the figure, NaN if it was not measured
 * @param limit to compare it with
 * @param atMost whether the figure has to be at most the limit, rather than at least
 * @param disturbed whether others used much of the machine meanwhile
 */
record Bar(
    String work, String bar, double measured, double limit, boolean atMost, boolean disturbed) {
  static Bar atMost(String work, String what, double limit, double measured) {
    return new Bar(work, what + " <= " + shown(limit), measured, limit, true, false);
  }

  static Bar atLeast(String work, String what, double limit, double measured) {
    return new Bar(work, what + " >= " + shown(limit), measured, limit, false, false);
  }

  Bar marked() {
    return new Bar(work, bar, measured, limit, atMost, true);
  }

  String shown() {
    // Enough digits to see on which side of the bar it is.
    String text =
        measured < 10 ? String.format(Locale.ROOT, "%.3f", measured) : Table.number(measured);
    return Double.isNaN(measured) ? "-" : text + (disturbed ? "*" : "");
  }

  private static String shown(double limit) {
    return limit == Math.rint(limit)
        ? String.format(Locale.ROOT, "%.0f", limit)
        : Double.toString(limit);
  }

  String verdict() {
    if (Double.isNaN(measured)) {
      return "not measured";
    }
    return (atMost ? measured <= limit : measured >= limit) ? "pass" : "MISS";
  }
}
