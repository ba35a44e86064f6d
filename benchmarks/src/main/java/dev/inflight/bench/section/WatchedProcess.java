package dev.inflight.bench.section;

import dev.inflight.bench.Profile;
import dev.inflight.bench.call.DjlModel;
import dev.inflight.bench.call.InflightVariants;
import dev.inflight.bench.call.OrtVariants;
import dev.inflight.bench.model.BenchModel;
import dev.inflight.bench.report.Result;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * Single rows in a process where everything watches (statistics, Flight Recorder with the JDK's
 * default settings, Micrometer with a Prometheus registry that is scraped) against one where
 * nothing does. A recording is of a whole process, so processes take turns; in each, calls take
 * turns with ONNX Runtime alone, and the ratio to that is what is compared.
 */
final class WatchedProcess {
  private static final String MODEL = "m2";
  private static final String ALONE = "ORT, all reused";
  private static final String WATCHED = "Inflight, everything on";
  private static final String UNWATCHED = "Inflight, nothing on";

  private WatchedProcess() {}

  /** Forks, and tells the median of each kind. */
  static void compare(int forks, boolean quick, Consumer<Result> sink) throws Exception {
    List<Result> unwatched = new ArrayList<>();
    List<Result> watched = new ArrayList<>();
    Path file = Files.createTempFile("inflight-watched", ".tsv");
    Path recording = Files.createTempFile("inflight-watched", ".jfr");
    try {
      for (int fork = 0; fork < forks; fork++) {
        unwatched.add(fork(UNWATCHED, quick, file, recording));
        watched.add(fork(WATCHED, quick, file, recording));
      }
    } finally {
      Files.delete(file);
      Files.delete(recording);
    }
    double base = median(unwatched, "ratio");
    sink.accept(result(UNWATCHED, unwatched, base));
    sink.accept(result(WATCHED, watched, base));
  }

  private static Result result(String variant, List<Result> forks, double base) {
    Map<String, Double> values = new LinkedHashMap<>();
    for (String value : List.of("p10", "median", "bytes")) {
      values.put(value, median(forks, value));
    }
    values.put("ratio", median(forks, "ratio") / base);
    return new Result(StatisticsSection.NAME, "process", MODEL, 1, variant, values);
  }

  private static double median(List<Result> results, String value) {
    double[] sorted = results.stream().mapToDouble(r -> r.value(value)).sorted().toArray();
    return sorted[sorted.length / 2];
  }

  private static Result fork(String variant, boolean quick, Path file, Path recording)
      throws IOException, InterruptedException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("-Xmx2g");
    command.add("-XX:+IgnoreUnrecognizedVMOptions");
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-Dorg.slf4j.simpleLogger.defaultLogLevel=warn");
    if (variant.equals(WATCHED)) {
      command.add("-Xlog:disable");
      command.add("-Xlog:all=error:stderr");
      command.add("-XX:StartFlightRecording=settings=default,filename=" + recording);
    }
    command.add(WatchedProcess.class.getName());
    command.add(variant);
    command.add(Boolean.toString(quick));
    command.add(file.toString());
    int exit = new ProcessBuilder(command).inheritIO().start().waitFor();
    if (exit != 0) {
      throw new IOException(variant + ": expected exit code 0, got " + exit);
    }
    return Result.parse(Files.readString(file).strip());
  }

  /** Arguments: the variant, whether quick, the file to write. */
  public static void main(String... args) throws Exception {
    DjlModel.claimEnvironment();
    BenchModel model = BenchModel.of(MODEL);
    Race race = new Race(StatisticsSection.NAME, "process", MODEL, 1);
    race.add(ALONE, () -> OrtVariants.reused(model, model.batches(1)));
    race.add(
        args[0],
        () ->
            args[0].equals(WATCHED)
                ? InflightVariants.codecWatched(model)
                : InflightVariants.codecWithoutStatistics(model));
    List<String> lines = new ArrayList<>();
    race.run(Profile.of(Boolean.parseBoolean(args[1])), result -> lines.add(result.line()));
    Files.writeString(Path.of(args[2]), lines.get(1));
    System.exit(0); // whatever a recording or a registry still has to do
  }
}
