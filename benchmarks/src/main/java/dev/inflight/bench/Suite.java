package dev.inflight.bench;

import dev.inflight.bench.report.Machine;
import dev.inflight.bench.report.Report;
import dev.inflight.bench.report.Result;
import dev.inflight.bench.report.Results;
import dev.inflight.bench.section.Sections;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Runs the sections, each in a JVM of its own, and writes the pages. {@code mvn -q -Pbench
 * package}; {@code docs/benchmarks/README.md} says how to read them.
 *
 * <p>System properties: {@code bench.short}, {@code bench.rounds}. Arguments: names of sections;
 * all, if there are none. What an earlier run in the same mode measured of the others is used
 * again.
 */
public final class Suite {
  private static final Path WORK = Path.of("target", "benchmarks");
  private static final Path PUBLISHED = Path.of("docs", "benchmarks");
  private static final String SHORT = "bench.short";

  private Suite() {}

  /** Arguments: names of sections. */
  public static void main(String... args) throws Exception {
    String property = System.getProperty(SHORT);
    boolean quick = property != null && !property.equals("false");
    String mode = quick ? "short" : "full";
    // Never figures of two JDKs in one table.
    String kind = mode + "-jdk" + Runtime.version().feature();
    Path results = Files.createDirectories(WORK.resolve("results-" + kind));
    for (String section : chosen(args)) {
      System.out.printf("benchmarks, %s: %s ", mode, section);
      long start = System.nanoTime();
      int exit = fork(section, mode, results.resolve(section + ".tsv"));
      System.out.printf(
          "%s, %d s%n",
          exit == 0 ? "done" : "FAILED with exit code " + exit,
          TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start));
    }
    Path pages = quick ? WORK : PUBLISHED;
    Report report = new Report(read(results), Machine.description(), Machine.versions(), quick);
    report.write(pages);
    System.out.println();
    System.out.println(report.verdict());
    System.out.println("pages and plots: " + pages.toAbsolutePath().normalize());
  }

  private static List<String> chosen(String... args) {
    List<String> chosen = new ArrayList<>();
    for (String arg : args) {
      for (String name : arg.split(",", -1)) {
        if (!name.isBlank() && !name.equals("all")) {
          chosen.add(name.strip());
        }
      }
    }
    if (!Sections.names().containsAll(chosen)) {
      throw new IllegalArgumentException(
          "sections: expected some of " + Sections.names() + ", got " + chosen);
    }
    return chosen.isEmpty() ? Sections.names() : chosen;
  }

  private static int fork(String section, String mode, Path file)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx2g");
    command.add("-XX:+IgnoreUnrecognizedVMOptions");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("--sun-misc-unsafe-memory-access=allow");
    command.add("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn");
    // It warns of every model that is not in an archive.
    command.add("-Dorg.slf4j.simpleLogger.log.ai.djl=error");
    String rounds = System.getProperty("bench.rounds");
    if (rounds != null) {
      command.add("-Dbench.rounds=" + rounds);
    }
    command.add(Sections.class.getName());
    command.add(section);
    command.add(mode);
    command.add(file.toString());
    ProcessBuilder builder = new ProcessBuilder(command).inheritIO();
    // Not on the command line: onnxruntime 1.29 dies of a long one.
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    builder.environment().put("ORT_DISABLE_TELEMETRY", "1");
    return builder.start().waitFor();
  }

  private static Results read(Path directory) throws IOException {
    List<Result> all = new ArrayList<>();
    for (String section : Sections.names()) {
      Path file = directory.resolve(section + ".tsv");
      if (Files.exists(file)) {
        Files.readAllLines(file).stream()
            .filter(line -> !line.isBlank())
            .map(Result::parse)
            .forEach(all::add);
      }
    }
    return new Results(all);
  }
}
