package dev.inflight.bench.report;

import java.util.ArrayList;
import java.util.List;

/** The figures the project promises, beside what was measured: a verdict, not a gate. */
public final class Figures {
  private static final String OURS = "Inflight";
  private static final String CODEC = "Inflight, codec";

  private final Results results;
  private final List<Bar> bars = new ArrayList<>();

  /** Over those results. */
  public Figures(Results results) {
    this.results = results;
    singleCalls();
    callers();
    asynchronous();
    virtual();
    rest();
  }

  private void singleCalls() {
    for (String model : List.of("m0", "m1", "m4")) {
      double ratio = single(model, 1, CODEC, "ratio");
      bars.add(Bar.atMost(model + ", one row", "CPU against ORT all reused", 1.15, ratio));
      bars.add(
          Bar.atMost(model + ", one row", "bytes a call", 600, single(model, 1, CODEC, "bytes")));
      double djl = single(model, 1, "DJL", "ratio") / ratio;
      bars.add(Bar.atLeast(model + ", one row", "CPU of DJL against ours", 3.5, djl));
    }
    for (String model : List.of("m2", "m3", "m5")) {
      String what = "CPU against ORT all reused";
      bars.add(Bar.atMost(model + ", one row", what, 1.05, single(model, 1, CODEC, "ratio")));
      bars.add(
          Bar.atMost(
              model + ", 32 rows", what, 1.05, single(model, 32, "Inflight, list", "ratio")));
    }
    for (String model : List.of("m0", "m1", "m2")) {
      double on =
          single(model, 1, "Inflight, codec, listener", "p10") / single(model, 1, CODEC, "p10");
      bars.add(Bar.atMost(model + ", one row", "CPU, listener on against off", 1.02, on));
    }
  }

  private void callers() {
    Results few = closed("blocking");
    for (String model : few.distinct(Result::model)) {
      for (double n : List.of(1.0, 2.0)) {
        String work = work(model, n, "callers");
        if (!few.model(model).at(n).isEmpty()) {
          add(
              "blocking",
              model,
              n,
              Bar.atLeast(work, "ops of direct", 0.97, ours("blocking", model, n, "rateRatio")));
          add(
              "blocking",
              model,
              n,
              Bar.atMost(work, "p50 of direct", 1.05, ours("blocking", model, n, "p50Ratio")));
        }
      }
    }
    for (double n : List.of(4.0, 16.0, 64.0, 256.0)) {
      add(
          "blocking",
          "m4",
          n,
          Bar.atLeast(
              work("m4", n, "callers"),
              "ops of direct",
              0.95,
              ours("blocking", "m4", n, "rateRatio")));
    }
    for (double n : List.of(16.0, 64.0, 256.0)) {
      String work = work("m3", n, "callers");
      add(
          "blocking",
          "m3",
          n,
          Bar.atLeast(work, "ops of direct", 2.5, ours("blocking", "m3", n, "rateRatio")));
      double spread = ours("blocking", "m3", n, "p99") / ours("blocking", "m3", n, "p50");
      add("blocking", "m3", n, Bar.atMost(work, "p99 against p50", 2, spread));
    }
    for (double n : List.of(16.0, 64.0, 256.0)) {
      String work = work("m2", n, "callers");
      add(
          "blocking",
          "m2",
          n,
          Bar.atLeast(work, "ops of direct", 0.95, ours("blocking", "m2", n, "rateRatio")));
      add(
          "blocking",
          "m2",
          n,
          Bar.atMost(work, "p99.9 of direct", 0.1, ours("blocking", "m2", n, "p999Ratio")));
    }
  }

  private void asynchronous() {
    String[] models = {"m2", "m3", "m4"};
    double[] limits = {4.5, 3.2, 1.4};
    for (int i = 0; i < models.length; i++) {
      add(
          "async",
          models[i],
          64,
          Bar.atLeast(
              work(models[i], 64, "async"),
              "ops of direct",
              limits[i],
              ours("async", models[i], 64, "rateRatio")));
    }
    add(
        "async",
        "m3",
        2,
        Bar.atLeast(
            work("m3", 2, "async"),
            "ops of one worker",
            0.97,
            ours("async", "m3", 2, "rate") / other("async", "m3", 2, "one worker")));
  }

  private void virtual() {
    String[] models = {"m3", "m2", "m4"};
    double[] direct = {2.4, 3, 0.95};
    double[] futures = {1.3, 0.97, 1.8};
    for (int i = 0; i < models.length; i++) {
      String work = work(models[i], 64, "virtual threads");
      add(
          "virtual",
          models[i],
          64,
          Bar.atLeast(
              work, "ops of direct", direct[i], ours("virtual", models[i], 64, "rateRatio")));
      double ratio =
          ours("virtual", models[i], 64, "rate")
              / other("virtual", models[i], 64, "CompletableFuture queue");
      add(
          "virtual",
          models[i],
          64,
          Bar.atLeast(work, "ops of a CompletableFuture queue", futures[i], ratio));
    }
  }

  private void rest() {
    String[] models = {"Tribuo logistic, 50 features", "Tribuo forest, 100 trees"};
    double[] limits = {4, 20};
    for (int i = 0; i < models.length; i++) {
      Results mine = results.section("peers").model(models[i]).variant(CODEC);
      bars.add(
          Bar.atLeast(
              models[i],
              "CPU of Tribuo's predict against ours",
              limits[i],
              1 / mine.value("ratio").orElse(Double.NaN)));
      double bytes = mine.value("bytes").orElse(Double.NaN);
      bars.add(Bar.atMost(models[i], "bytes a call", 200, bytes));
    }
    Results bulk = results.section("bulk").group("bulk").variant("Inflight, predictAll");
    Bar rate =
        Bar.atLeast(
            "bulk, m2", "rate of the best loop", 0.95, bulk.value("rateRatio").orElse(Double.NaN));
    bars.add(bulk.value("disturbed").orElse(0) > 0 ? rate.marked() : rate);
    double growth =
        bulk.value("heapLate").orElse(Double.NaN) / bulk.value("heapEarly").orElse(Double.NaN);
    bars.add(Bar.atMost("bulk, m2", "heap late against early", 1.1, growth));
    for (double threads : List.of(1.0, 2.0)) {
      double nanos = results.section("lease").at(threads).value("nanos").orElse(Double.NaN);
      bars.add(Bar.atMost(work("lease", threads, "threads"), "ns", 20, nanos));
    }
    swaps();
    bars.add(
        Bar.atMost(
            "m2, one row",
            "CPU with statistics against without",
            1.01,
            results
                .section("statistics")
                .model("m2")
                .variant("Inflight, statistics on")
                .value("ratio")
                .orElse(Double.NaN)));
    bars.add(
        Bar.atMost(
            "m2, one row",
            "CPU with everything on against nothing",
            1.03,
            results
                .section("statistics")
                .variant("Inflight, everything on")
                .value("ratio")
                .orElse(Double.NaN)));
    bars.add(
        Bar.atMost(
            "recording, 2 threads",
            "time of a record on one",
            1.1,
            results
                .section("statistics")
                .group("recording")
                .at(2.0)
                .value("ratio")
                .orElse(Double.NaN)));
  }

  private void swaps() {
    bars.add(Bar.atMost("swap, m2, 2 callers", "p99.9 against no swap", 1.1, swap("p99.9 ratio")));
    bars.add(Bar.atMost("rollback, 2 callers", "p99, us", 1000, swap("serve p99, us")));
    bars.add(
        Bar.atMost(
            "first call after live", "median against steady p50", 1.5, swap("first call ratio")));
  }

  private double swap(String what) {
    return results.section("swap").variant(what).value("value").orElse(Double.NaN);
  }

  /** Marks the bar of a cell in which others used much of the machine. */
  private void add(String group, String model, double n, Bar bar) {
    boolean disturbed =
        closed(group).model(model).at(n).all().stream()
            .filter(result -> result.variant().equals(OURS) || result.variant().equals("direct"))
            .anyMatch(result -> result.value("disturbed") > 0);
    bars.add(disturbed ? bar.marked() : bar);
  }

  private static String work(String model, double n, String what) {
    return model + ", " + (long) n + " " + what;
  }

  private Results closed(String group) {
    return results.section("concurrency").group(group);
  }

  private double single(String model, double rows, String variant, String value) {
    return results
        .section("single")
        .model(model)
        .at(rows)
        .variant(variant)
        .value(value)
        .orElse(Double.NaN);
  }

  private double ours(String group, String model, double n, String value) {
    return closed(group).model(model).at(n).variant(OURS).value(value).orElse(Double.NaN);
  }

  private double other(String group, String model, double n, String variant) {
    return closed(group).model(model).at(n).variant(variant).value("rate").orElse(Double.NaN);
  }

  /** {@return a row for each bar} */
  public Table table() {
    return table(bars);
  }

  /** {@return a row for each bar that was measured} */
  Table measured() {
    return table(bars.stream().filter(bar -> !Double.isNaN(bar.measured())).toList());
  }

  private static Table table(List<Bar> bars) {
    Table table = new Table("work", "bar", "measured", "verdict");
    for (Bar bar : bars) {
      table.row(bar.work(), bar.bar(), bar.shown(), bar.verdict());
    }
    return table;
  }

  /** {@return how many were passed, missed and not measured} */
  public String summary() {
    long passed = bars.stream().filter(bar -> bar.verdict().equals("pass")).count();
    long missed = bars.stream().filter(bar -> bar.verdict().equals("MISS")).count();
    return passed
        + " pass, "
        + missed
        + " miss, "
        + (bars.size() - passed - missed)
        + " not measured";
  }
}
