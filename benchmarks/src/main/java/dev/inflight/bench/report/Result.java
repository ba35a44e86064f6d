package dev.inflight.bench.report;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.StringJoiner;

/**
 * What one variant did in one cell of one section.
 *
 * @param section of the suite
 * @param group what cells are compared with each other: the kind of caller, for instance
 * @param model the model
 * @param x rows, callers or load
 * @param variant the way to call
 * @param values by name; times in microseconds
 */
public record Result(
    String section,
    String group,
    String model,
    double x,
    String variant,
    Map<String, Double> values) {

  /** Keeps the order of the values. */
  public Result {
    values = new LinkedHashMap<>(values);
  }

  /** {@return that value, or NaN} */
  public double value(String name) {
    return values.getOrDefault(name, Double.NaN);
  }

  /** {@return x as a table shows it} */
  public String label() {
    return x == Math.rint(x) ? Long.toString((long) x) : Double.toString(x);
  }

  /** {@return one line, fields between tabs} */
  public String line() {
    StringJoiner line = new StringJoiner("\t");
    line.add(section).add(group).add(model).add(Double.toString(x)).add(variant);
    values.forEach((name, value) -> line.add(name + "=" + value));
    return line.toString();
  }

  /** {@return what {@link #line} wrote} */
  public static Result parse(String line) {
    String[] fields = line.split("\t", -1);
    Map<String, Double> values = new LinkedHashMap<>();
    for (int i = 5; i < fields.length; i++) {
      int equals = fields[i].indexOf('=');
      values.put(fields[i].substring(0, equals), Double.valueOf(fields[i].substring(equals + 1)));
    }
    return new Result(
        fields[0], fields[1], fields[2], Double.parseDouble(fields[3]), fields[4], values);
  }
}
