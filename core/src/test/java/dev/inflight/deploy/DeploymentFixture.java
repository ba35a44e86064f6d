package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.Lanes;
import dev.inflight.ModelInfo;
import dev.inflight.repository.DirectoryRepository;
import dev.inflight.repository.Manifest;
import dev.inflight.repository.ModelRepository;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A directory to publish to, and a deployment that follows it. */
@Timeout(60)
abstract class DeploymentFixture {
  private static final Duration POLL = Duration.ofMillis(5);

  @TempDir Path root;
  @TempDir Path staging;
  final FakeLoader loader = new FakeLoader();
  final FakeRepository repository = new FakeRepository();
  private final Lanes lanes = Lanes.of(1);
  private final BlockingQueue<String> events = new LinkedBlockingQueue<>();

  @AfterEach
  void closeLanes() {
    lanes.close();
  }

  Deployment.Builder<String, String> iris() {
    return iris(DirectoryRepository.at(root));
  }

  /** That follows the fake repository. */
  Deployment.Builder<String, String> scripted() {
    return iris(repository);
  }

  Deployment.Builder<String, String> iris(ModelRepository followed) {
    return Deployment.of("iris", followed, loader)
        .lanes(lanes)
        .staging(staging)
        .pollEvery(POLL)
        .listen(
            new DeploymentListener() {
              @Override
              public void onLive(ModelInfo model, Optional<ModelInfo> before) {
                events.add(
                    "live "
                        + model.version()
                        + before.map(b -> " after " + b.version()).orElse(""));
              }

              @Override
              public void onFailed(String version, String reason) {
                events.add("failed " + version + " " + reason);
              }

              @Override
              public void onRetired(ModelInfo model) {
                events.add("retired " + model.version());
              }
            });
  }

  /** Copies a version aside and moves it in at once, as a careful publisher does. */
  void publish(String version, String content) throws IOException {
    Path draft = Files.createDirectories(root.resolve("iris/draft-" + version));
    Files.writeString(draft.resolve("model.txt"), content);
    Manifest.write(draft);
    Files.move(Manifest.beside(draft), root.resolve("iris/" + version + ".sha256"));
    Files.move(draft, root.resolve("iris/" + version));
  }

  void awaitEvent(String start) throws InterruptedException {
    String event;
    do {
      event = events.poll(20, TimeUnit.SECONDS);
      assertThat(event).as("waiting for " + start).isNotNull();
    } while (!event.startsWith(start));
  }

  static DeploymentStatus await(
      Deployment<?, ?> deployment, Predicate<DeploymentStatus> condition) {
    await(() -> condition.test(deployment.status()), deployment::status);
    return deployment.status();
  }

  /** Looks every now and then, for 20 s at most. */
  static void await(BooleanSupplier condition, Supplier<?> otherwise) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("not within 20 s: " + otherwise.get());
      }
      LockSupport.parkNanos(100_000);
    }
  }

  static DeploymentStatus.State state(Deployment<?, ?> deployment, String version) {
    return deployment.status().version(version).orElseThrow().state();
  }

  /** Everything that happened so far, in order; not told again. */
  List<String> happened() {
    List<String> all = new ArrayList<>();
    events.drainTo(all);
    return all;
  }

  static DeploymentStatus awaitState(
      Deployment<?, ?> deployment, String version, DeploymentStatus.State state) {
    return await(
        deployment,
        status ->
            status.versions().stream()
                .anyMatch(v -> v.version().equals(version) && v.state() == state));
  }

  void assertNothingLeft() throws IOException {
    await(() -> loader.open().isEmpty() && isEmpty(staging), loader::open);
    assertThat(loader.open()).isEmpty();
    try (var files = Files.list(staging)) {
      assertThat(files).isEmpty();
    }
  }

  static boolean isEmpty(Path directory) {
    try (var files = Files.list(directory)) {
      return files.findAny().isEmpty();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
