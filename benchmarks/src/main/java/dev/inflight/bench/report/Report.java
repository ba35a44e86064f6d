package dev.inflight.bench.report;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Writes pages and plots of what was measured. Pages without results are left as they are. */
public final class Report {
  private final Results results;
  private final String machine;
  private final String versions;
  private final boolean quick;

  /** Of those results. */
  public Report(Results results, String machine, String versions, boolean quick) {
    this.results = results;
    this.machine = machine;
    this.versions = versions;
    this.quick = quick;
  }

  /** Writes everything into that directory. */
  public void write(Path directory) throws IOException {
    Files.createDirectories(directory);
    Map<String, Page> pages = new LinkedHashMap<>();
    if (!results.section("single").isEmpty() || !results.section("peers").isEmpty()) {
      pages.put("single-call.md", CallPages.singleCall(results));
    }
    if (!results.section("batching").isEmpty()) {
      pages.put("batching.md", CallPages.batching(results));
    }
    if (!results.section("concurrency").isEmpty()) {
      pages.put("concurrency.md", LoadPages.concurrency(results));
    }
    if (!results.section("latency").isEmpty()) {
      pages.put("latency-under-load.md", LoadPages.latency(results));
    }
    if (!results.section("bulk").isEmpty()) {
      pages.put("bulk.md", CallPages.bulk(results));
    }
    pages.put("README.md", index());
    for (Map.Entry<String, Page> page : pages.entrySet()) {
      Files.writeString(directory.resolve(page.getKey()), page.getValue().markdown());
      for (Map.Entry<String, String> plot : page.getValue().plots().entrySet()) {
        Files.writeString(directory.resolve(plot.getKey()), plot.getValue());
      }
    }
  }

  private Page index() {
    Figures figures = new Figures(results);
    return new Page("Benchmarks")
        .paragraph(
            """
            | page | question |
            |---|---|
            | [single-call.md](single-call.md) | what one call costs, against raw ONNX Runtime, DJL, Tribuo, JPMML, LightGBM |
            | [batching.md](batching.md) | what a row costs in batches of 1 to 256 |
            | [concurrency.md](concurrency.md) | 1 to 256 callers that wait, continuations, virtual threads |
            | [latency-under-load.md](latency-under-load.md) | latency at a given arrival rate, and beyond capacity |
            | [bulk.md](bulk.md) | a million rows |
            """)
        .heading("How to read them")
        .paragraph(
            """
            Read ratios, not times. All variants of a table take turns in one JVM, so that a slow moment of the machine hits
            them alike; every page says what its ratio compares. Single calls are compared by the CPU time of the calling
            thread, because wall time does not converge on a shared machine; many callers by answers per second, with
            the CPU time of the process beside it. Rows differ from call to call: one row repeated flatters trees.
            Expect +-10 % from one run to the next, more on a busy machine.
            """)
        .paragraph(
            """
            | model | |
            |---|---|
            | m0 | identity of 4 numbers: what the call itself costs |
            | m1 | logistic regression, 32 to 1 |
            | m2 | MLP 128-256-128-10 |
            | m3 | MLP 512-1024-1024-100 |
            | m4 | forest of 100 trees of depth 6 over 30 features |
            | m5 | convnet on 1x28x28 |
            """)
        .paragraph(
            "The others are trained models from `testmodels/`. m0 to m5 are made by the suite.")
        .heading("This run")
        .paragraph(
            (quick ? "A short run: a first impression, not to be quoted.\n\n" : "")
                + machine
                + "\n\n"
                + versions)
        .heading("Figures")
        .paragraph(
            "What the project set out to reach, beside what this run measured ("
                + figures.summary()
                + "). `not measured`: this run or this JDK has no such cell. `*`: other"
                + " processes took more than 30 % of the machine in some round; do not conclude from it.")
        .table(figures.table())
        .heading("Run it yourself")
        .paragraph(
            """
            ```
            mvn -q -Pbench package                                  # everything, about 25 minutes; writes docs/benchmarks
            mvn -q -Pbench -Dbench.short package                    # less than 3 minutes; writes target/benchmarks
            mvn -q -Pbench -Dbench.sections=single,bulk package     # some sections, with what an earlier run left of the others
            mvn -q -Pbench -Dbench.rounds=5 package                 # more rounds of the concurrent sections
            ```
            Sections: `single`, `peers`, `batching`, `concurrency`, `latency`, `bulk`, `lease`, `swap`, `statistics`; each runs in a JVM of its own.
            Virtual threads need JDK 21 or later. JMH has the same single calls (`SingleCall`), and the lease (`LeaseBenchmark`).
            JPMML is licensed under the AGPL; it is a dependency of this module only, which is never published.
            """);
  }

  /** {@return the main table: the verdicts} */
  public String verdict() {
    Figures figures = new Figures(results);
    return figures.measured() + "\n" + figures.summary() + "\n";
  }
}
