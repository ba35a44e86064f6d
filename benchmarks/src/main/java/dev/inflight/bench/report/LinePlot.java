package dev.inflight.bench.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Lines with dots as SVG, readable on light and on dark paper. */
public final class LinePlot {
  private static final int WIDTH = 760;
  private static final int HEIGHT = 400;
  private static final int LEFT = 74;
  private static final int RIGHT = 210;
  private static final int TOP = 40;
  private static final int BOTTOM = 56;
  private static final int COLOURS = 6;

  private static final String STYLE =
      """
      text{font:12px system-ui,sans-serif;fill:#24292f}
      .t{font-size:14px;font-weight:600}.m{text-anchor:middle}.e{text-anchor:end}
      .g{stroke:#d8dee4}.a{stroke:#57606a}.bg{fill:#ffffff}
      .l{fill:none;stroke-width:2}
      .c0{stroke:#cf222e}.c1{stroke:#0969da}.c2{stroke:#1a7f37}
      .c3{stroke:#9a6700}.c4{stroke:#8250df}.c5{stroke:#57606a}
      .d0{fill:#cf222e}.d1{fill:#0969da}.d2{fill:#1a7f37}
      .d3{fill:#9a6700}.d4{fill:#8250df}.d5{fill:#57606a}
      @media(prefers-color-scheme:dark){
      text{fill:#e6edf3}.g{stroke:#30363d}.a{stroke:#8d96a0}.bg{fill:#0d1117}
      .c0{stroke:#ff7b72}.c1{stroke:#79c0ff}.c2{stroke:#56d364}
      .c3{stroke:#e3b341}.c4{stroke:#d2a8ff}.c5{stroke:#8d96a0}
      .d0{fill:#ff7b72}.d1{fill:#79c0ff}.d2{fill:#56d364}
      .d3{fill:#e3b341}.d4{fill:#d2a8ff}.d5{fill:#8d96a0}}
      """;

  private final String title;
  private final String xLabel;
  private final boolean xLog;
  private final String yLabel;
  private final boolean yLog;
  private final Map<String, List<Point>> series = new LinkedHashMap<>();

  private record Point(double x, double y) {}

  /** An empty plot. */
  public LinePlot(String title, String xLabel, boolean xLog, String yLabel, boolean yLog) {
    this.title = title;
    this.xLabel = xLabel;
    this.xLog = xLog;
    this.yLabel = yLabel;
    this.yLog = yLog;
  }

  /** Adds a point to a line; what a logarithmic axis cannot show is left out. */
  public LinePlot point(String line, double x, double y) {
    boolean shown =
        Double.isFinite(x) && Double.isFinite(y) && (!xLog || x > 0) && (!yLog || y > 0);
    if (shown) {
      series.computeIfAbsent(line, name -> new ArrayList<>()).add(new Point(x, y));
    }
    return this;
  }

  /** {@return whether there is nothing to see} */
  public boolean isEmpty() {
    return series.isEmpty();
  }

  /** {@return the SVG file} */
  public String svg() {
    List<Double> xs = new ArrayList<>();
    List<Double> ys = new ArrayList<>();
    series.values().forEach(points -> points.forEach(point -> add(xs, ys, point)));
    Axis x = Axis.tight(xLabel, xs, xLog);
    Axis y = Axis.over(yLabel, ys, yLog);
    StringBuilder svg = new StringBuilder();
    svg.append(format("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 %d %d'", WIDTH, HEIGHT))
        .append(format(" width='%d' height='%d' role='img'>\n", WIDTH, HEIGHT))
        .append("<title>" + escaped(title) + "</title>\n<style>\n" + STYLE + "</style>\n")
        .append(format("<rect class='bg' width='%d' height='%d'/>\n", WIDTH, HEIGHT))
        .append(text(LEFT, 22, "t", title));
    frame(svg, x, y, xs);
    int index = 0;
    for (Map.Entry<String, List<Point>> line : series.entrySet()) {
      line(svg, index++, line.getKey(), line.getValue(), x, y);
    }
    return svg.append("</svg>\n").toString();
  }

  private static void add(List<Double> xs, List<Double> ys, Point point) {
    xs.add(point.x());
    ys.add(point.y());
  }

  private static void frame(StringBuilder svg, Axis x, Axis y, List<Double> xs) {
    for (double tick : y.ticks()) {
      double at = vertical(y, tick);
      svg.append(format("<path class='g' d='M%d %.1fH%d'/>\n", LEFT, at, WIDTH - RIGHT))
          .append(text(LEFT - 8, at + 4, "e", Axis.text(tick)));
    }
    // A tick for each value that was measured, where they do not touch.
    double last = -100;
    for (double tick : xs.stream().distinct().sorted().toList()) {
      double at = horizontal(x, tick);
      if (at - last >= 34) {
        svg.append(format("<path class='g' d='M%.1f %dV%d'/>\n", at, TOP, HEIGHT - BOTTOM))
            .append(text(at, HEIGHT - BOTTOM + 18, "m", Axis.text(tick)));
        last = at;
      }
    }
    svg.append(format("<path class='a' fill='none' d='M%d %dV%d", LEFT, TOP, HEIGHT - BOTTOM))
        .append(format("H%d'/>\n", WIDTH - RIGHT))
        .append(text((LEFT + WIDTH - RIGHT) / 2.0, HEIGHT - 14, "m", x.label()));
    double middle = (TOP + HEIGHT - BOTTOM) / 2.0;
    svg.append(format("<text class='m' transform='translate(18 %.1f) rotate(-90)'>", middle))
        .append(escaped(y.label()) + "</text>\n");
  }

  private static void line(
      StringBuilder svg, int index, String name, List<Point> points, Axis x, Axis y) {
    int colour = index % COLOURS;
    String dash = index >= COLOURS ? " stroke-dasharray='5 3'" : "";
    StringBuilder path = new StringBuilder();
    StringBuilder dots = new StringBuilder();
    for (Point point : points) {
      double px = horizontal(x, point.x());
      double py = vertical(y, point.y());
      path.append(format(path.isEmpty() ? "M%.1f %.1f" : " L%.1f %.1f", px, py));
      dots.append(format("<circle class='d%d' cx='%.1f' cy='%.1f' r='3'/>\n", colour, px, py));
    }
    svg.append(format("<path class='l c%d'%s d='%s'/>\n", colour, dash, path)).append(dots);
    int at = TOP + 8 + 20 * index;
    int left = WIDTH - RIGHT + 12;
    svg.append(format("<path class='l c%d'%s d='M%d %dh18'/>\n", colour, dash, left, at))
        .append(text(left + 24, at + 4, "s", name));
  }

  private static double horizontal(Axis x, double value) {
    return LEFT + x.position(value) * (WIDTH - LEFT - RIGHT);
  }

  private static double vertical(Axis y, double value) {
    return HEIGHT - BOTTOM - y.position(value) * (HEIGHT - TOP - BOTTOM);
  }

  private static String text(double x, double y, String style, String text) {
    return format("<text class='%s' x='%.1f' y='%.1f'>%s</text>\n", style, x, y, escaped(text));
  }

  @SuppressWarnings("AnnotateFormatMethod") // the formats above are literals or one of two literals
  private static String format(String format, Object... arguments) {
    return String.format(Locale.ROOT, format, arguments);
  }

  private static String escaped(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("'", "&apos;");
  }
}
