package dev.inflight.status;

import dev.inflight.Histogram;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/** Draws in SVG, in the colours of the style sheet. */
final class Chart {
  private static final int WIDTH = 360;
  private static final int PLOT = 92;
  private static final int BARS = 48;

  /** A bucket of a histogram is 1/16 of its value wide, or 0.026 of a decade: no bar is thinner. */
  private static final double THINNEST = .04;

  private Chart() {}

  /** Where values of nanoseconds are, on a logarithmic axis, with some quantiles marked. */
  static void latency(Html html, Histogram histogram) {
    List<Histogram.Bucket> buckets = histogram.buckets();
    double low = decade(buckets.get(0).from());
    double high = decade(buckets.get(buckets.size() - 1).to());
    double bar = Math.max(THINNEST, (high - low) / BARS);
    int bars = Math.max(12, (int) Math.ceil((high - low) / bar));
    long[] counts = new long[bars];
    long most = 1;
    for (Histogram.Bucket bucket : buckets) {
      double middle = (decade(bucket.from()) + decade(bucket.to())) / 2;
      int i = Math.max(0, Math.min(bars - 1, (int) ((middle - low) / bar)));
      counts[i] += bucket.count();
      most = Math.max(most, counts[i]);
    }
    double scale = WIDTH / (bars * bar); // of a decade
    begin(html, "How latencies are distributed");
    for (int i = 0; i < bars; i++) {
      if (counts[i] > 0) {
        double height = Math.max(1, PLOT * (double) counts[i] / most);
        rectangle(html, i * bar * scale, PLOT - height, Math.max(1, bar * scale - 1), height);
      }
    }
    axis(html, low, low + bars * bar, scale);
    for (double part : new double[] {.5, .9, .99, .999}) {
      double x = (decade(histogram.quantile(part)) - low) * scale;
      line(html, "mark", x, 0, x, PLOT);
    }
    html.close();
  }

  /** 1, 2 and 5 of each decade where there is room. */
  private static void axis(Html html, double low, double high, double scale) {
    line(html, "axis", 0, PLOT, WIDTH, PLOT);
    double free = 0;
    for (int decade = (int) Math.floor(low); decade <= high; decade++) {
      for (int digit : new int[] {1, 2, 5}) {
        double x = (decade + Math.log10(digit) - low) * scale;
        boolean room = digit == 1 ? x >= free : x >= free && scale >= 110;
        if (room && x >= 16 && x <= WIDTH - 20) {
          line(html, "axis", x, PLOT, x, PLOT + 4);
          label(html, "middle", x, tick(digit * Math.pow(10, decade)));
          free = x + 40;
        }
      }
    }
  }

  private static String tick(double nanos) {
    return nanos < 999
        ? Math.round(nanos) + " ns"
        : nanos < 999e3
            ? Math.round(nanos / 1e3) + " µs"
            : nanos < 999e6 ? Math.round(nanos / 1e6) + " ms" : Math.round(nanos / 1e9) + " s";
  }

  /** How many ended a second, over time; at most {@code most}, which is not 0. */
  static void pace(Html html, List<Look.Pace> pace, double most) {
    var begin = pace.get(0).from();
    double span = Duration.between(begin, pace.get(pace.size() - 1).to()).toNanos();
    StringBuilder path = new StringBuilder("M0 " + PLOT);
    for (Look.Pace each : pace) {
      double y = PLOT - (PLOT - 4) * each.perSecond() / most;
      path.append('H')
          .append(number(WIDTH * Duration.between(begin, each.from()).toNanos() / span));
      path.append('V').append(number(y));
      path.append('H').append(number(WIDTH * Duration.between(begin, each.to()).toNanos() / span));
    }
    path.append('V').append(PLOT).append('Z');
    begin(html, "Predictions a second, over time");
    html.element("path", "", "class", "area", "d", path.toString());
    line(html, "axis", 0, PLOT, WIDTH, PLOT);
    label(html, "start", 0, Words.span(Duration.ofNanos((long) span)) + " ago");
    label(html, "end", WIDTH, "now");
    html.close();
  }

  private static void label(Html html, String anchor, double x, String text) {
    html.element("text", text, "x", number(x), "y", number(PLOT + 15), "text-anchor", anchor);
  }

  private static void begin(Html html, String title) {
    String box = "0 0 " + WIDTH + " " + (PLOT + 18);
    html.open("svg", "viewBox", box, "role", "img", "aria-label", title);
  }

  private static void rectangle(Html html, double x, double y, double width, double height) {
    html.element(
        "rect",
        "",
        "x",
        number(x),
        "y",
        number(y),
        "width",
        number(width),
        "height",
        number(height));
  }

  private static void line(Html html, String kind, double x1, double y1, double x2, double y2) {
    html.element(
        "line",
        "",
        "class",
        kind,
        "x1",
        number(x1),
        "y1",
        number(y1),
        "x2",
        number(x2),
        "y2",
        number(y2));
  }

  /** Of nanoseconds; nothing is quicker than one. */
  private static double decade(long nanos) {
    return Math.log10((double) Math.max(1, nanos));
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.1f", value);
  }
}
