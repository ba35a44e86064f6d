package dev.inflight.bench.report;

import static dev.inflight.bench.report.Table.number;
import static dev.inflight.bench.report.Table.rate;
import static dev.inflight.bench.report.Table.time;

import dev.inflight.bench.model.BenchModel;

/** The pages about many callers. */
final class LoadPages {
  private LoadPages() {}

  static Page concurrency(Results all) {
    Results results = all.section("concurrency");
    Page page =
        new Page("Many callers")
            .paragraph(
                """
                Closed loop: each caller asks again as soon as it has its answer. `direct`: every caller runs its own
                row with tensors of its own on one session. `one worker`: a lock-free queue and one thread that runs up to
                64 rows at once. `CompletableFuture queue`: the same with a blocking queue and futures. Variants take turns;
                medians over rounds; ratios are medians over pairs of rounds, to `direct`. A `*` marks cells in which other
                processes took more than 30 % of the machine in some round; such rounds count only where there are no others.
                Continuations (`async`) are compared with as many blocking direct callers.
                """);
    for (String group : results.distinct(Result::group)) {
      page.heading(title(group));
      for (String model : results.group(group).distinct(Result::model)) {
        Results cells = results.group(group).model(model);
        if (cells.distinct(Result::x).size() > 2) {
          LinePlot plot =
              new LinePlot(BenchModel.title(model), "callers", true, "answers a second", true);
          cells.all().forEach(r -> plot.point(r.variant(), r.x(), r.value("rate")));
          page.plot(
              "concurrency-" + group + "-" + model + ".svg",
              model + ", answers a second over callers",
              plot);
        }
      }
      page.table(closed(results.group(group)));
    }
    return page;
  }

  private static String title(String group) {
    return switch (group) {
      case "blocking" -> "Blocking callers";
      case "async" -> "Continuations that submit again";
      case "virtual" -> "Virtual threads";
      default -> group;
    };
  }

  private static Table closed(Results results) {
    Table table =
        new Table(
            "model, callers", "variant", "ops/s", "ratio", "p50", "p99", "p99.9", "CPU us/op");
    for (Result result : results.all()) {
      table.row(
          BenchModel.title(result.model()) + ", " + result.label(),
          result.variant(),
          rate(result.value("rate")) + star(result),
          number(result.value("rateRatio")),
          time(result.value("p50")),
          time(result.value("p99")),
          time(result.value("p999")),
          number(result.value("cpu")));
    }
    return table;
  }

  private static String star(Result result) {
    return result.value("disturbed") > 0 ? "*" : "";
  }

  static Page latency(Results all) {
    Results results = all.section("latency");
    Page page =
        new Page("Latency under load")
            .paragraph(
                """
                Open loop: Poisson arrivals that do not wait for answers, latency from the scheduled moment (no coordinated
                omission). Load 1 is what one direct caller per core reaches in a closed loop, so a variant that batches may
                stand a load above 1. Above its capacity a variant with an unbounded queue (all but Inflight) answers ever
                later, as long as the round lasts; Inflight refuses what does not fit its queue. `direct` and `DJL` run in a
                pool of one thread per core. `late` is the 99th percentile of how late the generator itself was: it is part
                of every latency, and on a machine of few cores it competes with what it measures. `*` as in
                [concurrency](concurrency.md).
                """);
    for (String model : results.distinct(Result::model)) {
      Results cells = results.model(model);
      String title = BenchModel.title(model);
      page.heading(title);
      for (String quantile : new String[] {"p50", "p99"}) {
        LinePlot plot =
            new LinePlot(title + ": " + quantile, "load (1 = direct, all cores)", true, "us", true);
        cells.all().forEach(r -> plot.point(r.variant(), r.x(), r.value(quantile)));
        page.plot(
            "latency-" + model + "-" + quantile + ".svg",
            model + ", " + quantile + " over load",
            plot);
      }
      page.table(open(cells));
    }
    return page;
  }

  private static Table open(Results results) {
    Table table =
        new Table(
            "load", "variant", "asked/s", "answered/s", "refused", "p50", "p99", "p99.9", "late");
    for (Result result : results.all()) {
      table.row(
          number(result.x()),
          result.variant(),
          rate(result.value("asked")),
          rate(result.value("rate")) + star(result),
          result.value("refused") > 0 ? number(100 * result.value("refused")) + " %" : "",
          time(result.value("p50")),
          time(result.value("p99")),
          time(result.value("p999")),
          time(result.value("late")));
    }
    return table;
  }
}
