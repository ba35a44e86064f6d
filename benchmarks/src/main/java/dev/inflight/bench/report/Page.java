package dev.inflight.bench.report;

import java.util.LinkedHashMap;
import java.util.Map;

/** One Markdown page and its plots, not yet written. */
final class Page {
  private final StringBuilder text = new StringBuilder();
  private final Map<String, String> plots = new LinkedHashMap<>();

  Page(String title) {
    text.append("# ").append(title).append("\n\n");
  }

  Page paragraph(String paragraph) {
    text.append(paragraph.strip()).append("\n\n");
    return this;
  }

  Page heading(String heading) {
    text.append("## ").append(heading).append("\n\n");
    return this;
  }

  Page table(Table table) {
    if (!table.isEmpty()) {
      text.append(table).append('\n');
    }
    return this;
  }

  Page plot(String file, String alternative, LinePlot plot) {
    if (!plot.isEmpty()) {
      plots.put(file, plot.svg());
      text.append("![").append(alternative).append("](").append(file).append(")\n\n");
    }
    return this;
  }

  String markdown() {
    return text.toString().stripTrailing() + "\n";
  }

  Map<String, String> plots() {
    return plots;
  }
}
