package dev.inflight.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * One axis of a plot.
 *
 * @param label what it shows
 * @param low the left or lower end
 * @param high the other end
 * @param log whether equal steps are equal factors
 */
record Axis(String label, double low, double high, boolean log) {
  /** An axis with room for all values; whole decades when logarithmic. */
  static Axis over(String label, List<Double> values, boolean log) {
    double least = values.stream().mapToDouble(v -> v).min().orElse(1);
    double most = values.stream().mapToDouble(v -> v).max().orElse(10);
    if (log) {
      double low = Math.pow(10, Math.floor(Math.log10(least) + 1e-9));
      double high = Math.pow(10, Math.ceil(Math.log10(most) - 1e-9));
      return new Axis(label, low, high > low ? high : low * 10, true);
    }
    double high = Math.max(0, most);
    return new Axis(label, Math.min(0, least), high > 0 ? high * 1.05 : 1, false);
  }

  /** An axis that ends at the least and greatest of values. */
  static Axis tight(String label, List<Double> values, boolean log) {
    double least = values.stream().mapToDouble(v -> v).min().orElse(1);
    double most = values.stream().mapToDouble(v -> v).max().orElse(2);
    return new Axis(label, least, most > least ? most : least + 1, log);
  }

  /** Where a value lies: 0 at the low end, 1 at the high end. */
  double position(double value) {
    return log ? Math.log(value / low) / Math.log(high / low) : (value - low) / (high - low);
  }

  List<Double> ticks() {
    List<Double> ticks = new ArrayList<>();
    if (log) {
      for (double decade = Math.pow(10, Math.floor(Math.log10(low) + 1e-9));
          decade <= high * 1.001;
          decade *= 10) {
        if (decade >= low * 0.999) {
          ticks.add(decade);
        }
      }
      return ticks;
    }
    double rough = (high - low) / 5;
    double power = Math.pow(10, Math.floor(Math.log10(rough)));
    double step = power * (rough / power >= 5 ? 5 : rough / power >= 2 ? 2 : 1);
    for (double tick = Math.ceil(low / step) * step; tick <= high * 1.0001; tick += step) {
      ticks.add(tick);
    }
    return ticks;
  }

  static String text(double value) {
    if (value >= 1e6) {
      return trimmed(value / 1e6) + "M";
    }
    return value >= 1000 ? trimmed(value / 1000) + "k" : trimmed(value);
  }

  private static String trimmed(double value) {
    String text = String.format(Locale.ROOT, "%.3f", value);
    int end = text.length();
    while (text.charAt(end - 1) == '0') {
      end--;
    }
    return text.substring(0, text.charAt(end - 1) == '.' ? end - 1 : end);
  }
}
