package dev.inflight.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** A Markdown table. */
public final class Table {
  private final List<String> header;
  private final List<List<String>> rows = new ArrayList<>();

  /** With those columns. */
  public Table(String... columns) {
    header = List.of(columns);
  }

  /**
   * Adds a row.
   *
   * @throws IllegalArgumentException if it has not as many cells as there are columns
   */
  public Table row(List<String> cells) {
    if (cells.size() != header.size()) {
      throw new IllegalArgumentException(
          "row: expected " + header.size() + " cells, got " + cells.size());
    }
    rows.add(List.copyOf(cells));
    return this;
  }

  /** As {@link #row(List)}. */
  public Table row(String... cells) {
    return row(List.of(cells));
  }

  /** {@return whether there are no rows} */
  public boolean isEmpty() {
    return rows.isEmpty();
  }

  /** {@return a number with about three digits; NaN is a dash} */
  public static String number(double value) {
    if (Double.isNaN(value)) {
      return "-";
    }
    double size = Math.abs(value);
    String format = size >= 100 || size == 0 ? "%.0f" : size >= 10 ? "%.1f" : "%.2f";
    return String.format(Locale.ROOT, size > 0 && size < 0.1 ? "%.3f" : format, value);
  }

  /** {@return a rate: 12.3k} */
  public static String rate(double perSecond) {
    return perSecond >= 1000 ? number(perSecond / 1000) + "k" : number(perSecond);
  }

  /** {@return a time given in microseconds, in the unit that suits it} */
  public static String time(double micros) {
    return micros >= 1e6
        ? number(micros / 1e6) + " s"
        : micros >= 1000 ? number(micros / 1000) + " ms" : number(micros) + " us";
  }

  /** The table, a line for each row, a newline at the end. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    line(text, header);
    text.append("|---".repeat(header.size())).append("|\n");
    rows.forEach(row -> line(text, row));
    return text.toString();
  }

  private static void line(StringBuilder text, List<String> cells) {
    for (String cell : cells) {
      text.append("| ").append(cell.replace("|", "\\|")).append(' ');
    }
    text.append("|\n");
  }
}
