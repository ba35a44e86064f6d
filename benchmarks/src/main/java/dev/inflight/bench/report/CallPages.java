package dev.inflight.bench.report;

import static dev.inflight.bench.report.Table.number;

import dev.inflight.bench.model.BenchModel;

/** The pages about one thread: single calls, batches, bulk. */
final class CallPages {
  private CallPages() {}

  static Page singleCall(Results results) {
    Page page =
        new Page("One call")
            .paragraph(
                """
                One thread, varied rows, variants take turns in one JVM. Read the ratio: CPU time of the calling thread
                against the first variant of each group, lowest decile against lowest decile. Absolute times mean nothing
                elsewhere. `Inflight, codec` is a `float[]` in and a new `float[]` out; `Inflight, list` is
                `predictAll` of a list of them. `Inflight, tensors` makes its input tensor anew and returns an answer
                that the caller keeps; raw ORT hands its answer out of one buffer. `DJL` is handed all rows as one array.
                DJL's batchifiers do not work with ONNX Runtime alone, so `DJL, batchPredict` runs each row by itself. In every ORT variant and ours only the output that is read is asked
                for; DJL computes all. `DJL, NoopTranslator` makes and frees the engine's arrays itself.
                """)
            .heading("ONNX models")
            .table(table(results.section("single")))
            .heading("Libraries with their own runtime")
            .paragraph(
                """
                The same forest in ONNX, PMML and LightGBM's text format; Tribuo's models are trained here on made-up data
                of 50 features and called with a new `ArrayExample` for each row, as its documentation does.
                """)
            .table(table(results.section("peers")));
    Table lease = new Table("lease and release, threads", "ns");
    for (Result result : results.section("lease").all()) {
      lease.row(result.label(), number(result.value("nanos")));
    }
    Page with = lease.isEmpty() ? page : page.heading("Leases, under JMH").table(lease);
    Table swap = new Table("swaps under 2 callers of m2", "value");
    for (Result result : results.section("swap").all()) {
      swap.row(result.variant(), number(result.value("value")));
    }
    Page more = swap.isEmpty() ? with : with.heading("Swaps").table(swap);
    Table counting = table(results.section("statistics"));
    return counting.isEmpty() ? more : more.heading("Statistics").table(counting);
  }

  private static Table table(Results results) {
    Table table = new Table("model, rows", "variant", "p10 us", "median us", "ratio", "B/call");
    for (Result result : results.all()) {
      table.row(
          BenchModel.title(result.model()) + ", " + result.label(),
          result.variant(),
          number(result.value("p10")),
          number(result.value("median")),
          number(result.value("ratio")),
          number(result.value("bytes")));
    }
    return table;
  }

  static Page batching(Results all) {
    Results results = all.section("batching");
    Page page =
        new Page("What a row costs in a batch")
            .paragraph(
                """
                CPU time of a run divided by its rows, one thread. Where a line falls, batching pays; where it is flat
                (trees, small convolutions) it cannot, and Inflight does not batch there. The saving is against batches
                of one.
                """);
    for (String model : results.distinct(Result::model)) {
      LinePlot plot =
          new LinePlot(
              BenchModel.title(model) + ": cost per row", "rows in a batch", true, "us/row", true);
      for (Result result : results.model(model).all()) {
        plot.point(result.variant(), result.x(), result.value("p10") / result.x());
      }
      page.plot("batching-" + model + ".svg", model + ", cost per row over batch size", plot);
    }
    Table table = new Table("model", "variant", "rows", "us/row", "saving", "ratio to ORT");
    for (Result result : results.all()) {
      double perRow = result.value("p10") / result.x();
      double one =
          results
              .model(result.model())
              .variant(result.variant())
              .at(1)
              .value("p10")
              .orElse(Double.NaN);
      table.row(
          BenchModel.title(result.model()),
          result.variant(),
          result.label(),
          number(perRow),
          number(one / perRow) + "x",
          number(result.value("ratio")));
    }
    return page.table(table);
  }

  static Page bulk(Results all) {
    Results results = all.section("bulk");
    Page page =
        new Page("Many rows")
            .paragraph(
                """
                Rows of m2 from an iterator, every answer a new array handed to a sink. The batch size of the hand-written
                loops is the best of those below, chosen before the race; the ratio is against the better of the two
                loops. The heap is measured after a collection, a tenth through the rows and near the end, in a pass of its
                own.
                """);
    Table table =
        new Table("variant", "rows/s", "ratio", "CPU us/row", "heap early, late MB", "disturbed");
    for (Result result : results.group("bulk").all()) {
      boolean probed = !Double.isNaN(result.value("heapEarly"));
      table.row(
          result.variant(),
          Table.rate(result.value("rate")),
          number(result.value("rateRatio")),
          number(result.value("cpu")),
          probed ? number(result.value("heapEarly")) + ", " + number(result.value("heapLate")) : "",
          (long) result.value("disturbed") + " of " + (long) result.value("rounds"));
    }
    page.table(table);
    LinePlot plot =
        new LinePlot("Hand-written loop over m2", "rows in a batch", true, "rows/s", false);
    for (Result result : results.group("sizes").all()) {
      plot.point(result.variant(), result.x(), result.value("rate"));
    }
    return page.plot("bulk-sizes.svg", "Rows per second over batch size", plot);
  }
}
