package dev.inflight.onnx;

import dev.inflight.Lanes;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelInfo;
import dev.inflight.ModelLoader;
import dev.inflight.deploy.Deployment;
import dev.inflight.deploy.DeploymentListener;
import dev.inflight.onnx.OrtSwaps.Cell;
import dev.inflight.onnx.OrtSwaps.Verdict;
import dev.inflight.repository.DirectoryRepository;
import dev.inflight.repository.Manifest;
import dev.inflight.testkit.GuardedModel;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;

/**
 * Publishes version after version to a directory that a deployment follows, takes the old ones
 * away, and says what is left: threads, files, sessions, memory.
 */
final class ManyVersions {
  private static final int KEPT = 3; // in the repository
  private static final int COUNTED = 10; // what is there then is the library's own

  private final Path root = Files.createTempDirectory("root");
  private final Path staging = Files.createTempDirectory("staging");
  private final AtomicInteger loaded = new AtomicInteger();
  private final Queue<GuardedModel<Cell, Verdict>> open = new ConcurrentLinkedQueue<>();
  private final Semaphore live = new Semaphore(0);
  private final LongAdder answered = new LongAdder();
  private final LongAdder failed = new LongAdder();
  private final List<InputStream> leaked = new ArrayList<>();
  private final boolean leaks;
  private volatile boolean stop;

  private ManyVersions(boolean leaks) throws IOException {
    this.leaks = leaks;
  }

  /**
   * Arguments: versions, and whether every third leaves a model, a thread, a file and a descriptor.
   */
  public static void main(String[] arguments) throws Exception {
    new ManyVersions(Boolean.parseBoolean(arguments[1])).run(Integer.parseInt(arguments[0]));
  }

  private void run(int versions) throws Exception {
    publish(1);
    long begin = System.nanoTime();
    long[] rss = new long[versions];
    Lanes lanes = Lanes.of(2);
    long threads = 0;
    long files = 0;
    int listed;
    try (Deployment<Cell, Verdict> deployment = deployment(lanes)) {
      awaitLive(1);
      Thread caller = new Thread(() -> call(deployment), "caller");
      caller.start();
      for (int version = 2; version <= versions; version++) {
        publish(version);
        awaitLive(version);
        if (version > KEPT) {
          remove(version - KEPT);
        }
        rss[version - 1] = Held.rss();
        if (version == Math.max(COUNTED, versions / 10)) {
          threads = Held.threads();
          files = Held.openFiles();
        }
      }
      threads = Held.threads() - threads;
      files = Held.openFiles() - files;
      listed = deployment.status().versions().size();
      stop = true;
      caller.join();
    }
    lanes.close();
    awaitClosed();
    System.gc();
    Runtime runtime = Runtime.getRuntime();
    System.out.printf(
        Locale.ROOT,
        "versions=%d seconds=%d answers=%d failed=%d loaded=%d open=%d threads=%+d files=%+d staged=%d"
            + " listed=%d growth=%d slope=%.3f heap=%d%n",
        versions,
        TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - begin),
        answered.sum(),
        failed.sum(),
        loaded.get(),
        open.size(),
        threads,
        files,
        Held.entries(staging),
        listed,
        Held.median(rss, .8, 1) - Held.median(rss, .2, .4),
        Held.slope(rss),
        (runtime.totalMemory() - runtime.freeMemory()) >> 10);
    System.exit(0); // a leaked thread is counted, and ends here
  }

  private Deployment<Cell, Verdict> deployment(Lanes lanes) {
    ModelLoader<Cell, Verdict> loader = this::load;
    return Deployment.of("cancer", DirectoryRepository.at(root).requireManifest(), loader)
        .lanes(lanes)
        .staging(staging)
        .pollEvery(Duration.ofMillis(2))
        .listen(
            new DeploymentListener() {
              @Override
              public void onLive(ModelInfo model, Optional<ModelInfo> before) {
                live.release();
              }

              @Override
              public void onFailed(String version, String reason) {
                System.out.println("failed v" + version + ": " + reason);
              }
            })
        .start();
  }

  private Model<Cell, Verdict> load(ModelArtifact artifact) {
    GuardedModel<Cell, Verdict> model = OrtSwaps.load(artifact);
    open.add(model);
    if (loaded.incrementAndGet() % 3 == 0 && leaks && loaded.get() > COUNTED) {
      leak(artifact);
    }
    open.removeIf(old -> old.closes() > 0);
    return model;
  }

  private void leak(ModelArtifact artifact) {
    open.add(OrtSwaps.load(artifact));
    new Thread(this::park, "leaked").start();
    try {
      Files.createTempFile(staging, "leaked", "");
      leaked.add(Files.newInputStream(OrtSwaps.directory(0).resolve("model.onnx")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private synchronized void park() {
    try {
      while (true) {
        wait();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void call(Deployment<Cell, Verdict> deployment) {
    while (!stop) {
      try {
        boolean answers = !deployment.predictor().predict(OrtSwaps.CELL).label().isEmpty();
        (answers ? answered : failed).increment();
      } catch (RuntimeException e) {
        failed.increment();
      }
      LockSupport.parkNanos(100_000); // loads have the lowest priority
    }
  }

  private void awaitLive(int version) throws InterruptedException {
    if (!live.tryAcquire(30, TimeUnit.SECONDS)) {
      throw new IllegalStateException("v" + version + " does not serve within 30 s");
    }
  }

  /** The reaper has a thread of its own; what it never closes is counted. */
  private void awaitClosed() {
    long deadline = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(leaks ? 500 : 5_000);
    do {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
      open.removeIf(old -> old.closes() > 0);
    } while ((!open.isEmpty() || Held.entries(staging) > 0) && System.nanoTime() < deadline);
  }

  private void publish(int version) throws IOException {
    Path home = Files.createDirectories(root.resolve("cancer"));
    Path draft = Files.createDirectory(home.resolve("draft-" + version));
    Path source = OrtSwaps.directory(version);
    Files.copy(source.resolve("model.onnx"), draft.resolve("model.onnx"));
    Files.writeString(draft.resolve("version.txt"), "" + version);
    Manifest.write(draft);
    Files.move(Manifest.beside(draft), home.resolve(version + ".sha256"));
    Files.move(draft, home.resolve("" + version), StandardCopyOption.ATOMIC_MOVE);
  }

  private void remove(int version) throws IOException {
    Path home = root.resolve("cancer");
    delete(home.resolve("" + version));
    Files.delete(home.resolve(version + ".sha256"));
  }

  private static void delete(Path directory) throws IOException {
    List<Path> all;
    try (Stream<Path> walk = Files.walk(directory)) {
      all = walk.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path path : all) {
      Files.delete(path);
    }
  }
}
