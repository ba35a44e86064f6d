package dev.inflight.deploy;

import dev.inflight.Batching;
import dev.inflight.BatchingReport;
import dev.inflight.InferenceListener;
import dev.inflight.Lanes;
import dev.inflight.Model;
import dev.inflight.ModelArtifact;
import dev.inflight.ModelInfo;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelLoader;
import dev.inflight.ModelSlot;
import dev.inflight.ModelUnavailableException;
import dev.inflight.Predictor;
import dev.inflight.repository.ModelRepository;
import dev.inflight.repository.Versions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the wanted version of one model serving: follows a repository, fetches into a private
 * directory, verifies, loads, swaps, retires. Closing it closes its model.
 *
 * @param <I> a row
 * @param <O> an answer
 */
public final class Deployment<I, O> implements AutoCloseable {
  /*
   * Design. One task per deployment runs on the loader threads, never twice at once: reconcile() compares what the policy
   * wants with what serves and moves one step. Whatever fails on the way is remembered by the digest of its content and
   * taken out of the next snapshot, so a bad version is tried once, and the newest that works serves.
   */
  private static final Logger log = LoggerFactory.getLogger(Deployment.class);

  /**
   * Native loads are long and use every core they get: two at a time, at low priority, leave the
   * rest to callers.
   */
  private static final ScheduledThreadPoolExecutor LOADERS =
      new ScheduledThreadPoolExecutor(
          2,
          task -> {
            Thread thread = new Thread(task, "inflight-loader");
            thread.setDaemon(true);
            return thread;
          });

  static {
    LOADERS.setRemoveOnCancelPolicy(true);
  }

  private final Builder<I, O> settings;
  private final ModelSlot<I, O> slot;
  private final CompletableFuture<ModelInfo> ready = new CompletableFuture<>();
  private final Map<String, ModelLoadException> failed = new HashMap<>();
  private final Map<String, DeploymentStatus.Version> known = new HashMap<>();
  private volatile DeploymentStatus status;
  private String liveIdentity = "";
  private @Nullable ModelInfo live;
  private volatile @Nullable Future<?> poll;
  private volatile boolean closed;

  private Deployment(Builder<I, O> settings) {
    this.settings = settings;
    slot = ModelSlot.empty(settings.name, settings.lanes, settings.batching);
    settings.inferenceListeners.forEach(slot::listen);
    status = new DeploymentStatus(settings.name, Optional.empty(), List.of(), Optional.empty());
  }

  /** {@return what is needed to start a deployment of {@code name}} */
  public static <I, O> Builder<I, O> of(
      String name, ModelRepository repository, ModelLoader<I, O> loader) {
    return new Builder<>(name, repository, loader);
  }

  /**
   * The settings of a deployment that was not started yet.
   *
   * @param <I> a row
   * @param <O> an answer
   */
  public static final class Builder<I, O> {
    private final String name;
    private final ModelRepository repository;
    private final ModelLoader<I, O> loader;
    private final List<DeploymentListener> listeners = new CopyOnWriteArrayList<>();
    private final List<InferenceListener> inferenceListeners = new ArrayList<>();
    private VersionPolicy policy = VersionPolicy.latest();
    private Duration interval = Duration.ofSeconds(1);
    private Lanes lanes = Lanes.shared();
    private Batching batching = Batching.auto();
    private Path staging = Path.of(System.getProperty("java.io.tmpdir"));

    private Builder(String name, ModelRepository repository, ModelLoader<I, O> loader) {
      this.name = Objects.requireNonNull(name, "name");
      this.repository = Objects.requireNonNull(repository, "repository");
      this.loader = Objects.requireNonNull(loader, "loader");
    }

    /** Which version should serve; the latest, if not said. */
    public Builder<I, O> policy(VersionPolicy policy) {
      this.policy = policy;
      return this;
    }

    /**
     * How often the repository is asked; every second, if not said.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public Builder<I, O> pollEvery(Duration interval) {
      if (interval.isNegative() || interval.isZero()) {
        throw new IllegalArgumentException(
            "poll interval: expected a positive duration, got " + interval);
      }
      this.interval = interval;
      return this;
    }

    /** How calls may wait and share runs; {@link Batching#auto()}, if not said. */
    public Builder<I, O> batching(Batching batching) {
      this.batching = batching;
      return this;
    }

    /** Which lanes run the model; the shared ones, if not said. */
    public Builder<I, O> lanes(Lanes lanes) {
      this.lanes = lanes;
      return this;
    }

    /**
     * Where private copies are kept while their version lives; {@code java.io.tmpdir}, if not said.
     */
    public Builder<I, O> staging(Path directory) {
      this.staging = directory;
      return this;
    }

    /** Adds a listener for versions. */
    public Builder<I, O> listen(DeploymentListener listener) {
      listeners.add(listener);
      return this;
    }

    /** Adds a listener for calls. */
    public Builder<I, O> listen(InferenceListener listener) {
      inferenceListeners.add(listener);
      return this;
    }

    /** As {@link #start(Duration)} with 60 s. */
    public Deployment<I, O> start() {
      return start(Duration.ofSeconds(60));
    }

    /**
     * Starts, and waits until a version serves.
     *
     * @throws ModelLoadException if no version can serve, because there is none, each failed, or
     *     the time was up; everything is closed again
     */
    public Deployment<I, O> start(Duration atMost) {
      Deployment<I, O> deployment = startAsync();
      try {
        deployment.ready.get(atMost.toNanos(), TimeUnit.NANOSECONDS);
        return deployment;
      } catch (TimeoutException e) {
        deployment.close();
        throw new ModelLoadException(
            ModelLoadException.Stage.FETCH,
            name
                + ": expected a version to serve within "
                + atMost.toMillis()
                + " ms, got "
                + deployment.status().versions());
      } catch (ExecutionException e) {
        deployment.close();
        if (e.getCause() instanceof ModelLoadException failure) {
          throw failure;
        }
        throw new ModelLoadException(ModelLoadException.Stage.FETCH, name + ": " + e.getCause(), e);
      } catch (InterruptedException e) {
        deployment.close();
        Thread.currentThread().interrupt();
        throw new ModelLoadException(
            ModelLoadException.Stage.FETCH, name + ": interrupted while it started", e);
      }
    }

    /**
     * Starts, and does not wait: until {@link Deployment#ready()} calls throw, and a repository may
     * still be empty.
     */
    public Deployment<I, O> startAsync() {
      Deployment<I, O> deployment = new Deployment<>(this);
      deployment.schedule(Duration.ZERO);
      return deployment;
    }
  }

  /** {@return the one predictor of this deployment, whatever version serves} */
  public Predictor<I, O> predictor() {
    return slot.predictor();
  }

  /** {@return what runs of the live version cost, and what calls that meet do because of it} */
  public BatchingReport batching() {
    return slot.batching();
  }

  /** {@return completes when a version serves; fails if the first poll finds that none can} */
  public CompletableFuture<ModelInfo> ready() {
    return ready.copy();
  }

  /** {@return how things stand} */
  public DeploymentStatus status() {
    return status;
  }

  /**
   * Stops following, refuses new calls, waits for those inside, closes the model and removes its
   * files.
   */
  @Override
  public void close() {
    closed = true;
    Future<?> task = poll;
    if (task != null) {
      task.cancel(false);
    }
    slot.close();
  }

  private void schedule(Duration delay) {
    if (!closed) {
      poll = LOADERS.schedule(this::pollOnce, delay.toNanos(), TimeUnit.NANOSECONDS);
    }
  }

  private void pollOnce() {
    Duration next = settings.interval;
    try {
      boolean pending = reconcile();
      if (pending && !ready.isDone()) {
        next = Duration.ofMillis(Math.min(50, settings.interval.toMillis()));
      }
    } catch (IOException | RuntimeException e) {
      report(status.versions(), e.toString());
    } finally {
      schedule(next);
    }
  }

  /** One look at the repository and at most one load; true if something is still being written. */
  private boolean reconcile() throws IOException {
    Versions found = settings.repository.versions(settings.name);
    Optional<Versions.Entry> wanted = settings.policy.wanted(eligible(found));
    if (wanted.isPresent() && !wanted.get().identity().equals(liveIdentity)) {
      bringUp(wanted.get());
    }
    describe(found);
    if (live != null) {
      ready.complete(live);
    }
    boolean pending = found.entries().stream().anyMatch(e -> e.state() == Versions.State.PENDING);
    boolean more = settings.policy.wanted(eligible(found)).isPresent();
    if (live == null && !pending && !more) {
      ready.completeExceptionally(noneCanServe(found));
    }
    return pending || (live == null && more);
  }

  private Versions eligible(Versions found) {
    return new Versions(
        found.entries().stream()
            .filter(e -> e.state() == Versions.State.AVAILABLE && !failed.containsKey(e.identity()))
            .toList());
  }

  private ModelLoadException noneCanServe(Versions found) {
    for (int i = found.entries().size() - 1; i >= 0; i--) {
      ModelLoadException failure = failed.get(found.entries().get(i).identity());
      if (failure != null) {
        return failure;
      }
    }
    return new ModelLoadException(
        found.entries().isEmpty()
            ? ModelLoadException.Stage.FETCH
            : ModelLoadException.Stage.VERIFY,
        settings.name
            + ": expected a version that can serve in "
            + settings.repository
            + ", got "
            + (found.entries().isEmpty() ? "none at all" : found.entries().toString()));
  }

  private void bringUp(Versions.Entry wanted) throws IOException {
    long begin = System.nanoTime();
    Path directory = privateDirectory();
    Model<I, O> model;
    try {
      model = load(wanted, directory);
    } catch (ModelLoadException e) {
      StagedModel.delete(directory);
      failed.put(wanted.identity(), e);
      tell(listener -> listener.onFailed(wanted.version(), String.valueOf(e.getMessage())));
      return;
    } catch (IOException | RuntimeException | Error e) {
      StagedModel.delete(directory);
      throw e;
    }
    Optional<ModelInfo> before = Optional.ofNullable(live);
    CompletableFuture<ModelInfo> retired;
    try {
      retired = slot.swap(model);
    } catch (ModelUnavailableException e) {
      model.close(); // the deployment was closed meanwhile
      return;
    }
    live = model.info();
    liveIdentity = wanted.identity();
    log.info("{} is live after {} ms", live.label(), (System.nanoTime() - begin) / 1_000_000);
    report(status.versions(), null);
    tell(listener -> listener.onLive(model.info(), before));
    var unused =
        retired.whenComplete(
            (info, failure) -> {
              if (failure != null) {
                log.warn(
                    "{}: the version before it did not close cleanly",
                    model.info().label(),
                    failure);
              } else if (before.isPresent()) {
                log.info("{} is retired", info.label());
                tell(listener -> listener.onRetired(info));
              }
            });
  }

  private Model<I, O> load(Versions.Entry wanted, Path directory) throws IOException {
    String label = settings.name + " v" + wanted.version();
    ModelArtifact artifact = settings.repository.fetch(settings.name, wanted, directory);
    try {
      return new StagedModel<>(settings.loader.load(artifact), directory);
    } catch (ModelLoadException e) {
      throw e;
    } catch (Exception | LinkageError | OutOfMemoryError | StackOverflowError e) {
      throw new ModelLoadException(ModelLoadException.Stage.LOAD, label + ": " + e, e);
    }
  }

  private Path privateDirectory() throws IOException {
    Files.createDirectories(settings.staging);
    return settings.staging.getFileSystem().supportedFileAttributeViews().contains("posix")
        ? Files.createTempDirectory(
            settings.staging,
            "inflight-",
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")))
        : Files.createTempDirectory(settings.staging, "inflight-");
  }

  private void describe(Versions found) {
    List<DeploymentStatus.Version> versions = new ArrayList<>();
    for (Versions.Entry entry : found.entries()) {
      ModelLoadException failure = failed.get(entry.identity());
      DeploymentStatus.State state;
      String reason = entry.reason();
      if (live != null && live.version().equals(entry.version())) {
        state = DeploymentStatus.State.LIVE;
      } else if (failure != null) {
        state = DeploymentStatus.State.FAILED;
        reason = String.valueOf(failure.getMessage());
      } else {
        state =
            switch (entry.state()) {
              case PENDING -> DeploymentStatus.State.PENDING;
              case AVAILABLE -> DeploymentStatus.State.AVAILABLE;
              case REFUSED -> DeploymentStatus.State.FAILED;
            };
      }
      versions.add(
          remember(new DeploymentStatus.Version(entry.version(), state, Instant.now(), reason)));
    }
    report(versions, null);
  }

  /**
   * Keeps {@code since} while nothing changed, and tells of refusals that the repository decided.
   */
  private DeploymentStatus.Version remember(DeploymentStatus.Version now) {
    DeploymentStatus.Version before = known.get(now.version());
    if (before != null && before.state() == now.state() && before.reason().equals(now.reason())) {
      return before;
    }
    known.put(now.version(), now);
    boolean loadFailed =
        failed.values().stream().anyMatch(e -> now.reason().equals(e.getMessage()));
    if (now.state() == DeploymentStatus.State.FAILED && !loadFailed) {
      tell(listener -> listener.onFailed(now.version(), now.reason()));
    }
    return now;
  }

  private void report(List<DeploymentStatus.Version> versions, @Nullable String problem) {
    status =
        new DeploymentStatus(
            settings.name, Optional.ofNullable(live), versions, Optional.ofNullable(problem));
  }

  private void tell(Consumer<DeploymentListener> event) {
    for (DeploymentListener listener : settings.listeners) {
      try {
        event.accept(listener);
      } catch (RuntimeException e) {
        log.warn("deployment listener {} threw", listener.getClass(), e);
      }
    }
  }
}
