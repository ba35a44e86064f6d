package dev.inflight.examples;

import dev.inflight.ModelArtifact;
import dev.inflight.ModelInfo;
import dev.inflight.ModelLoader;
import dev.inflight.Predictor;
import dev.inflight.deploy.Deployment;
import dev.inflight.deploy.DeploymentListener;
import dev.inflight.deploy.DeploymentStatus;
import dev.inflight.deploy.VersionPolicy;
import dev.inflight.repository.ModelRepository;
import dev.inflight.repository.Versions;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The second main job: a service follows an alias of a real registry, which moves under load: see
 * {@link MlflowFlight} and {@link DvcFlight}. Run by {@code docs/examples/registry-flight.sh},
 * which registers the versions.
 */
final class RegistryFlight {
  private static final Duration POLL = Duration.ofSeconds(1); // between two, which take time too
  private static final Duration PHASE = Duration.ofSeconds(2);

  /** For the threads that have to notice, on a machine that is busy with callers. */
  private static final long GRACE_MILLIS = 500;

  /** A row: the columns have no names in the model, so the order counts. */
  record Flower(float sepalLength, float sepalWidth, float petalLength, float petalWidth) {}

  /** An answer. */
  record Species(String label) {}

  private final PrintStream out;
  private final FlightLog log;
  private final Registry registry;
  private final CompletableFuture<Long> secondIsWanted = new CompletableFuture<>();
  private final CompletableFuture<Long> secondIsLive = new CompletableFuture<>();

  private RegistryFlight(PrintStream out, Registry registry) {
    this.out = out;
    log = new FlightLog(out, 30);
    this.registry = registry;
  }

  /**
   * What is followed.
   *
   * @param alias what names the first version, and is to name the second
   * @param move makes it so, as a colleague would
   */
  record Registry(
      ModelRepository repository,
      ModelLoader<Flower, Species> loader,
      String alias,
      String first,
      String second,
      Move move) {}

  /** Moves an alias. */
  @FunctionalInterface
  interface Move {
    void run() throws Exception;
  }

  /** Ends the process with 1 unless the swap was as promised. */
  static void fly(Registry registry) throws Exception {
    if (!new RegistryFlight(System.out, registry).fly(Path.of("testmodels/data/iris-test.csv"))) {
      System.exit(1);
    }
  }

  private boolean fly(Path csv) throws Exception {
    List<String> lines = Files.readAllLines(csv);
    List<Flower> rows = lines.stream().skip(1).map(RegistryFlight::flower).toList();
    AtomicLong slowestPoll = new AtomicLong();
    ModelRepository repository = timed(registry.repository(), slowestPoll);
    try (Deployment<Flower, Species> iris =
        Deployment.of("iris", repository, registry.loader())
            .policy(VersionPolicy.alias(registry.alias()))
            .pollEvery(POLL)
            .listen(watch())
            .start()) {
      ModelInfo info = iris.status().live().orElseThrow();
      log.say(String.format("%s is live: %s, from %s", info.label(), info.runtime(), repository));
      log.say(String.format("accuracy %.3f", accuracy(iris.predictor(), lines)));
      int cores = Runtime.getRuntime().availableProcessors();
      Callers<Flower, Species> callers = new Callers<>(iris.predictor(), rows, cores);
      callers.start();
      log.say(cores + " callers predict without pause");
      FlightLog.waitFor(new CompletableFuture<>(), PHASE);

      callers.phase(1);
      registry.move().run();
      long moved = System.nanoTime();
      log.say("'" + registry.alias() + "' names v" + registry.second() + " now");
      Optional<Long> live = FlightLog.waitFor(secondIsLive, Duration.ofSeconds(20));
      if (live.isEmpty()) {
        callers.stop();
        throw new IllegalStateException("v" + registry.second() + " is not live: " + iris.status());
      }
      boolean inTime = inTime(moved, live.get(), slowestPoll.get());
      callers.phase(2);
      log.say(String.format("accuracy %.3f", accuracy(iris.predictor(), lines)));
      FlightLog.waitFor(new CompletableFuture<>(), PHASE);
      callers.stop();
      return report(callers, inTime);
    }
  }

  private boolean inTime(long moved, long live, long slowestPoll) {
    long took = Math.max(0, live - moved) / 1_000_000;
    long load = (live - secondIsWanted.join()) / 1_000_000;
    long poll = slowestPoll / 1_000_000;
    log.say(
        String.format(
            "v%s is live %d ms later: %d ms of them until a poll saw it (one %d ms after the other,"
                + " each of at most %d ms), %d ms to fetch, verify and load",
            registry.second(), took, Math.max(0, took - load), POLL.toMillis(), poll, load));
    // The poll under way when the alias moves may just miss it.
    return took <= POLL.toMillis() + 2 * poll + load + GRACE_MILLIS;
  }

  /** The same repository, of which the slowest poll is known, in nanoseconds. */
  private static ModelRepository timed(ModelRepository repository, AtomicLong slowest) {
    return new ModelRepository() {
      @Override
      public Versions versions(String model) throws IOException {
        long before = System.nanoTime();
        Versions versions = repository.versions(model);
        slowest.accumulateAndGet(System.nanoTime() - before, Math::max);
        return versions;
      }

      @Override
      public ModelArtifact fetch(String model, Versions.Entry version, Path target)
          throws IOException {
        return repository.fetch(model, version, target);
      }

      @Override
      public String toString() {
        return repository.toString();
      }
    };
  }

  private static Flower flower(String line) {
    String[] v = line.split(",", -1);
    return new Flower(
        Float.parseFloat(v[0]),
        Float.parseFloat(v[1]),
        Float.parseFloat(v[2]),
        Float.parseFloat(v[3]));
  }

  private static double accuracy(Predictor<Flower, Species> predictor, List<String> lines) {
    long right =
        lines.stream()
            .skip(1)
            .filter(line -> line.endsWith("," + predictor.predict(flower(line)).label()))
            .count();
    return (double) right / (lines.size() - 1);
  }

  private DeploymentListener watch() {
    return new DeploymentListener() {
      @Override
      public void onState(DeploymentStatus.Version version) {
        if (version.version().equals(registry.second())
            && version.state() == DeploymentStatus.State.FETCHING) {
          secondIsWanted.complete(System.nanoTime());
        }
      }

      @Override
      public void onLive(ModelInfo model, Optional<ModelInfo> before) {
        if (model.version().equals(registry.second())) {
          secondIsLive.complete(System.nanoTime());
        }
      }
    };
  }

  private boolean report(Callers<Flower, Species> callers, boolean inTime) {
    log.calls(callers);
    log.row("live within a poll and a load", inTime ? "yes" : "NO");
    log.latencies(callers);
    boolean good =
        callers.failures() == 0
            && callers.backwards() == 0
            && callers
                .byVersion()
                .keySet()
                .containsAll(List.of(registry.first(), registry.second()))
            && inTime;
    out.println(good ? "\nAs promised." : "\nNOT as promised.");
    return good;
  }
}
