package dev.inflight.examples;

import dev.inflight.BulkProgress;
import dev.inflight.CallOptions;
import dev.inflight.Codec;
import dev.inflight.ModelInfo;
import dev.inflight.ModelLoader;
import dev.inflight.Predictor;
import dev.inflight.deploy.Deployment;
import dev.inflight.deploy.DeploymentListener;
import dev.inflight.deploy.DeploymentStatus;
import dev.inflight.onnx.OnnxLoader;
import dev.inflight.repository.DirectoryRepository;
import dev.inflight.tribuo.TribuoLoader;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The main job: a Tribuo model serves, an ONNX model replaces it under load while it is still being
 * copied in, a corrupted one is refused; then a better one is promoted and a worse one rejected by
 * evidence. The numbers are printed. Run by the command of the README.
 */
public final class FirstFlight {
  private static final Duration PHASE = Duration.ofSeconds(3);
  private static final int BULK_ROWS = 200_000;

  private final PrintStream out;
  private final FlightLog log;
  private final Path testmodels;
  private final CompletableFuture<Long> secondIsLive = new CompletableFuture<>();
  private final CompletableFuture<String> thirdRefused = new CompletableFuture<>();

  private FirstFlight(PrintStream out, Path testmodels) {
    this.out = out;
    log = new FlightLog(out, 27);
    this.testmodels = testmodels;
  }

  /** Takes the directory of the test models, {@code testmodels} if not said. */
  public static void main(String... args) throws Exception {
    if (!run(System.out, Path.of(args.length > 0 ? args[0] : "testmodels"))) {
      System.exit(1);
    }
  }

  /** {@return whether everything was as promised} */
  static boolean run(PrintStream out, Path testmodels) throws Exception {
    Path root = Files.createTempDirectory("first-flight");
    try {
      return new FirstFlight(out, testmodels).fly(root);
    } finally {
      try (Stream<Path> files = Files.walk(root)) {
        files.sorted(Comparator.reverseOrder()).forEach(file -> file.toFile().delete());
      }
    }
  }

  private boolean fly(Path root) throws Exception {
    List<Sample> heldOut = Sample.read(testmodels.resolve("data/cancer-test.csv"));
    Publisher publisher = new Publisher(root.resolve("cancer"));
    Path tribuo = testmodels.resolve("tribuo/cancer-linear/model.tribuo");
    Path onnx = testmodels.resolve("onnx/cancer-boosted/model.onnx");
    Path worse = testmodels.resolve("onnx/cancer-logistic/model.onnx");
    publisher.publish(1, tribuo);

    AtomicInteger open = new AtomicInteger();
    Codec<Cell, Diagnosis> codec = Codec.records(Cell.class, Diagnosis.class);
    ModelLoader<Cell, Diagnosis> loader =
        new CountedLoader<>(
            ModelLoader.byFormat(
                Map.of("tribuo", TribuoLoader.of(codec), "onnx", OnnxLoader.of(codec))),
            open);

    Callers<Cell, Diagnosis> callers;
    double first;
    double second;
    List<DeploymentStatus.Version> versions;
    long published;
    boolean scored;
    try (Deployment<Cell, Diagnosis> cancer =
        Deployment.of("cancer", DirectoryRepository.at(root).requireManifest(), loader)
            .pollEvery(Duration.ofMillis(100))
            .listen(watch())
            .start()) {
      ModelInfo info = cancer.status().live().orElseThrow();
      log.say(
          String.format(
              "%s is live: %s, %d held-out rows", info.label(), info.runtime(), heldOut.size()));
      first = accuracy(cancer.predictor(), heldOut);
      log.say(String.format("accuracy %.4f (Tribuo itself: %.4f)", first, tribuosOwn(heldOut)));

      int cores = Runtime.getRuntime().availableProcessors();
      callers =
          new Callers<>(cancer.predictor(), heldOut.stream().map(Sample::cell).toList(), cores);
      callers.start();
      log.say(String.format("%d callers predict without pause", cores));
      FlightLog.waitFor(new CompletableFuture<>(), PHASE);

      callers.phase(1);
      published = System.nanoTime();
      log.say("v2 (ONNX) is being copied in, piece by piece");
      publisher.publishSlowly(2, onnx, 10);
      Optional<Long> swap = FlightLog.waitFor(secondIsLive, Duration.ofSeconds(20));
      if (swap.isEmpty()) {
        callers.stop();
        throw new IllegalStateException("v2 did not go live: " + cancer.status());
      }
      long swapped = swap.get();
      log.say(
          String.format(
              "v2 is live %d ms after its copy began, %,d calls so far",
              millis(swapped - published), callers.calls()));
      FlightLog.waitFor(new CompletableFuture<>(), Duration.ofMillis(500));

      callers.phase(2);
      second = accuracy(cancer.predictor(), heldOut);
      log.say(
          String.format("accuracy %.4f (scikit-learn itself: %.4f)", second, scikitLearnsOwn()));
      publisher.publishCorrupted(3, worse);
      log.say("v3 is there, with one bit flipped");
      log.say(
          String.format(
              "v3 refused: %s",
              FlightLog.waitFor(thirdRefused, Duration.ofSeconds(20)).orElse("NOT REFUSED")));
      FlightLog.waitFor(new CompletableFuture<>(), PHASE);
      callers.stop();
      versions = cancer.status().versions();
      log.say(cancer.batching().toString());
      scored = scoreMany(cancer.predictor(), heldOut);
    }
    boolean good = report(callers, versions, first, second, open.get()) && scored;
    out.println();
    boolean judged = new CanaryFlight(heldOut, log::say).fly(root, loader, tribuo, onnx, worse);
    boolean asPromised = good && judged && open.get() == 0;
    out.println();
    out.println(asPromised ? "As promised." : "NOT as promised.");
    return asPromised;
  }

  /** Far more rows than there are in memory at any time. */
  private boolean scoreMany(Predictor<Cell, Diagnosis> predictor, List<Sample> samples) {
    log.say(String.format("%,d rows in bulk", BULK_ROWS));
    ProgressBar<Diagnosis> bar = new ProgressBar<>(out, BULK_ROWS);
    Iterator<Cell> rows =
        IntStream.range(0, BULK_ROWS)
            .mapToObj(i -> samples.get(i % samples.size()).cell())
            .iterator();
    BulkProgress done = predictor.predictAll(rows, CallOptions.defaults(), bar);
    return done.rows() == BULK_ROWS && bar.answered() == BULK_ROWS;
  }

  private DeploymentListener watch() {
    return new DeploymentListener() {
      @Override
      public void onLive(ModelInfo model, Optional<ModelInfo> before) {
        if (model.version().equals("2")) {
          secondIsLive.complete(System.nanoTime());
        }
      }

      @Override
      public void onFailed(String version, String reason) {
        if (version.equals("3")) {
          thirdRefused.complete(reason);
        }
      }
    };
  }

  private boolean report(
      Callers<Cell, Diagnosis> callers,
      List<DeploymentStatus.Version> versions,
      double first,
      double second,
      int open)
      throws IOException {
    boolean refused =
        versions.stream()
            .anyMatch(v -> v.version().equals("3") && v.state() == DeploymentStatus.State.FAILED);
    boolean right = Math.abs(second - scikitLearnsOwn()) < 1e-4 && first > 0.9;
    boolean good =
        callers.failures() == 0 && callers.backwards() == 0 && open == 0 && refused && right;
    log.calls(callers);
    log.row("v3", refused ? "refused, v2 went on serving" : "NOT REFUSED");
    log.row("sessions open after close", Integer.toString(open));
    log.latencies(callers);
    return good;
  }

  private static double accuracy(Predictor<Cell, Diagnosis> predictor, List<Sample> samples) {
    long right =
        samples.stream().filter(s -> predictor.predict(s.cell()).label().equals(s.truth())).count();
    return (double) right / samples.size();
  }

  /** From the answers that Tribuo gave right after training. */
  private double tribuosOwn(List<Sample> samples) throws IOException {
    List<String> lines =
        Files.readAllLines(testmodels.resolve("tribuo/cancer-linear/expected.tsv"));
    int right = 0;
    for (int i = 0; i < samples.size(); i++) {
      right += lines.get(i + 1).split("\t", -1)[1].equals(samples.get(i).truth()) ? 1 : 0;
    }
    return (double) right / samples.size();
  }

  private double scikitLearnsOwn() throws IOException {
    Properties properties = new Properties();
    try (InputStream in =
        Files.newInputStream(testmodels.resolve("onnx/cancer-boosted/case.properties"))) {
      properties.load(in);
    }
    return Double.parseDouble(properties.getProperty("accuracy"));
  }

  private static long millis(long nanos) {
    return nanos / 1_000_000;
  }
}
