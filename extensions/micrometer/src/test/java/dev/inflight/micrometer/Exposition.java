package dev.inflight.micrometer;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Prometheus' text format, read strictly: what is no sample and no comment is an error. */
record Exposition(Map<Exposition.Series, Double> samples, Map<String, String> types) {
  private static final Pattern SAMPLE =
      Pattern.compile("([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\\{(.*)})? ([^ ]+)");
  private static final Pattern LABEL =
      Pattern.compile("([a-zA-Z_][a-zA-Z0-9_]*)=\"((?:[^\"\\\\\\n]|\\\\[\\\\\"n])*)\"(?:,|$)");
  private static final Pattern TYPE =
      Pattern.compile("# TYPE ([^ ]+) (counter|gauge|histogram|summary|untyped|info)");

  /** Name and labels. */
  record Series(String name, Map<String, String> labels) {}

  static Exposition of(String text) {
    Map<Series, Double> samples = new LinkedHashMap<>();
    Map<String, String> types = new LinkedHashMap<>();
    for (String line : text.lines().toList()) {
      if (line.startsWith("# TYPE")) {
        Matcher type = matching(TYPE, line);
        once(types.put(type.group(1), type.group(2)), line);
      } else if (!line.isEmpty() && !line.startsWith("# HELP ")) {
        Matcher sample = matching(SAMPLE, line);
        Series series = new Series(sample.group(1), labels(sample.group(2), line));
        once(samples.put(series, number(sample.group(3))), line);
      }
    }
    return new Exposition(samples, types);
  }

  private static Matcher matching(Pattern pattern, String line) {
    Matcher matcher = pattern.matcher(line);
    if (!matcher.matches()) {
      throw new AssertionError("expected " + pattern + ", got " + line);
    }
    return matcher;
  }

  private static void once(Object before, String line) {
    if (before != null) {
      throw new AssertionError("twice: " + line);
    }
  }

  private static double number(String text) {
    return text.equals("+Inf")
        ? Double.POSITIVE_INFINITY
        : text.equals("-Inf") ? Double.NEGATIVE_INFINITY : Double.parseDouble(text);
  }

  private static Map<String, String> labels(String text, String line) {
    Map<String, String> labels = new TreeMap<>();
    String rest = text == null ? "" : text;
    Matcher label = LABEL.matcher(rest);
    int end = 0;
    while (label.find() && label.start() == end) {
      once(labels.put(label.group(1), label.group(2)), line);
      end = label.end();
    }
    if (end != rest.length()) {
      throw new AssertionError("expected labels, got " + line);
    }
    return labels;
  }

  double value(String name, String... labels) {
    Map<String, String> wanted = new TreeMap<>();
    for (int i = 0; i < labels.length; i += 2) {
      wanted.put(labels[i], labels[i + 1]);
    }
    Double value = samples.get(new Series(name, wanted));
    if (value == null) {
      throw new AssertionError("expected " + name + wanted + ", got " + samples.keySet());
    }
    return value;
  }

  /** {@return the sum over all series of that name that have those labels among theirs} */
  double sum(String name, Map<String, String> labels) {
    return samples.entrySet().stream()
        .filter(each -> each.getKey().name().equals(name))
        .filter(each -> each.getKey().labels().entrySet().containsAll(labels.entrySet()))
        .mapToDouble(Map.Entry::getValue)
        .sum();
  }

  Set<String> names() {
    Set<String> names = new LinkedHashSet<>();
    samples.keySet().forEach(series -> names.add(series.name()));
    return names;
  }

  Set<String> versions() {
    Set<String> versions = new LinkedHashSet<>();
    samples.keySet().forEach(series -> versions.add(series.labels().getOrDefault("version", "-")));
    return versions;
  }
}
