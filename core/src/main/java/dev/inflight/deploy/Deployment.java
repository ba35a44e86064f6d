package dev.inflight.deploy;

import dev.inflight.Batching;
import dev.inflight.BatchingReport;
import dev.inflight.InferenceListener;
import dev.inflight.InferenceStats;
import dev.inflight.Lanes;
import dev.inflight.ModelInfo;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelLoader;
import dev.inflight.Predictor;
import dev.inflight.repository.ModelRepository;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Keeps the wanted version of one model serving: follows a repository, fetches into a private
 * directory, verifies, loads, checks, compares, swaps, retires, rolls back. Closing it closes its
 * models.
 *
 * @param <I> a row
 * @param <O> an answer
 */
public final class Deployment<I, O> implements AutoCloseable {
  private final Reconciler<I, O> reconciler;

  private Deployment(Settings<I, O> settings) {
    reconciler = new Reconciler<>(settings);
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
    /** Counts, and refuses nothing. */
    private static final MemoryBudget UNLIMITED = MemoryBudget.unlimited();

    private final String name;
    private final ModelRepository repository;
    private final ModelLoader<I, O> loader;
    private final List<DeploymentListener> listeners = new ArrayList<>();
    private final List<InferenceListener> inferenceListeners = new ArrayList<>();
    private final List<Gate<I, O>> gates = new ArrayList<>();
    private VersionPolicy policy = VersionPolicy.latest();
    private Rollout rollout = Rollout.immediate();
    private Duration interval = Duration.ofSeconds(1);
    private Duration loadPatience = Duration.ofMinutes(10);
    private int keep = 1;
    private Lanes lanes = Lanes.shared();
    private Batching batching = Batching.auto();
    private Path staging = Path.of(System.getProperty("java.io.tmpdir"));
    private Optional<Path> home = Optional.empty();
    private MemoryBudget memory = UNLIMITED;
    private boolean dropOldFirst;
    private Optional<Duration> unloadWhenIdle = Optional.empty();

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

    /** Adds what a version must pass before it may answer anybody, in this order. */
    public Builder<I, O> gate(Gate<I, O> gate) {
      gates.add(gate);
      return this;
    }

    /** How a version that has passed its gates comes to serve; at once, if not said. */
    public Builder<I, O> rollout(Rollout rollout) {
      this.rollout = rollout;
      return this;
    }

    /**
     * How many versions that served stay resident behind the one that does, to go back to at once;
     * 1, if not said.
     *
     * @throws IllegalArgumentException if it is negative
     */
    public Builder<I, O> keep(int previous) {
      if (previous < 0) {
        throw new IllegalArgumentException(
            "versions to keep: expected none or more, got " + previous);
      }
      keep = previous;
      return this;
    }

    /**
     * How often the repository is asked; every second, if not said.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public Builder<I, O> pollEvery(Duration interval) {
      this.interval = requirePositive("poll interval", interval);
      return this;
    }

    /**
     * How long a version may take to be fetched, loaded and checked before it is given up; 10
     * minutes, if not said.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public Builder<I, O> loadWithin(Duration patience) {
      loadPatience = requirePositive("patience with a load", patience);
      return this;
    }

    private static Duration requirePositive(String what, Duration duration) {
      if (duration.isNegative() || duration.isZero()) {
        throw new IllegalArgumentException(
            what + ": expected a positive duration, got " + duration);
      }
      return duration;
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

    /**
     * Where the deployment keeps, below its name, what it has to know when it starts again:
     * versions that must not serve, how often each was a canary, the evidence of one that is
     * running (written every two seconds), and a copy of the version that served last, which serves
     * when the repository cannot be reached. Nothing is kept, if not said.
     */
    public Builder<I, O> home(Path directory) {
      home = Optional.of(directory);
      return this;
    }

    /**
     * The memory that the versions of this and other deployments share: a version for which there
     * is no room is refused before anything is touched. No limit, if not said.
     */
    public Builder<I, O> memory(MemoryBudget budget) {
      memory = budget;
      return this;
    }

    /**
     * Where a new version does not fit into the {@linkplain #memory memory} beside the live one,
     * the live one is unloaded first. Until the new one has passed its gates calls throw {@link
     * dev.inflight.ModelUnavailableException} of reason {@code SWAPPING}; if it fails, the old one
     * is loaded again from the files that were verified, and the new one is not tried again. If not
     * said, such a version is refused and what serves goes on serving.
     */
    public Builder<I, O> dropOldFirst() {
      dropOldFirst = true;
      return this;
    }

    /**
     * What serves may be unloaded when another deployment needs the {@linkplain #memory memory} and
     * this one has served for so long and was not called for so long, the least recently used
     * first. A call then throws {@link dev.inflight.ModelUnavailableException} of reason {@code
     * UNLOADED}, and has asked for the model to be loaded again; one with a timeout waits for that.
     * New versions come up when it is called again. If not said, what serves stays.
     *
     * @throws IllegalArgumentException if it is not positive
     */
    public Builder<I, O> unloadWhenIdle(Duration idle) {
      unloadWhenIdle = Optional.of(requirePositive("idle time before it is unloaded", idle));
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
        deployment
            .reconciler
            .serving()
            .ready()
            .get(TimeUnit.NANOSECONDS.convert(atMost), TimeUnit.NANOSECONDS);
        return deployment;
      } catch (TimeoutException e) {
        DeploymentStatus status = deployment.status();
        deployment.close();
        throw new ModelLoadException(
            ModelLoadException.Stage.FETCH,
            name
                + ": expected a version to serve within "
                + atMost.toMillis()
                + " ms, got "
                + status.versions()
                + status.problem().map(problem -> "; the last poll: " + problem).orElse(""));
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
     *
     * @throws IllegalStateException if another deployment has this one's {@linkplain #home home},
     *     or if the old version is to be {@linkplain #dropOldFirst dropped first} and compared with
     *     the new one
     * @throws java.io.UncheckedIOException if the home cannot be read and written
     */
    public Deployment<I, O> startAsync() {
      if (dropOldFirst && rollout instanceof Rollout.Canary) {
        throw new IllegalStateException(
            name
                + ": a canary needs both versions in memory: expected an immediate rollout, or no"
                + " dropOldFirst()");
      }
      Deployment<I, O> deployment =
          new Deployment<>(
              new Settings<>(
                  name,
                  repository,
                  loader,
                  List.copyOf(listeners),
                  List.copyOf(inferenceListeners),
                  List.copyOf(gates),
                  policy,
                  rollout,
                  interval,
                  loadPatience,
                  keep,
                  lanes,
                  batching,
                  staging,
                  home,
                  memory,
                  dropOldFirst,
                  unloadWhenIdle));
      deployment.reconciler.start();
      return deployment;
    }
  }

  /** {@return the one predictor of this deployment, whatever version serves} */
  public Predictor<I, O> predictor() {
    return reconciler.serving().predictor();
  }

  /** {@return what runs of the live version cost, and what calls that meet do because of it} */
  public BatchingReport batching() {
    return reconciler.serving().slot().batching();
  }

  /** {@return what all versions did until now} Takes some 100 us and does not disturb calls. */
  public InferenceStats stats() {
    return reconciler.serving().slot().stats();
  }

  /**
   * {@return completes when a version serves, at once if one does; fails if the first poll finds
   * that none can, if what was unloaded cannot be loaded again, or if this is closed before} Of
   * what is unloaded it waits for the load that a call asks for, and does not ask for it itself.
   */
  public CompletableFuture<ModelInfo> ready() {
    return reconciler.serving().ready().copy();
  }

  /** {@return how things stand; a canary's numbers are of this moment} */
  public DeploymentStatus status() {
    return reconciler.status();
  }

  /**
   * Asks the repository now, and not only when the interval is over: for who was told that there is
   * something new. Does not wait for the answer; said many times before the repository is asked, it
   * is asked once. Changes nothing of a version that waits for its next attempt. Does nothing when
   * this is closed.
   */
  public void poll() {
    reconciler.poll();
  }

  /**
   * Goes back to the version that served before: one write, at once. The version that served is
   * rejected, so the policy does not want it again until {@link #clear}.
   *
   * @return what serves now
   * @throws IllegalStateException if no version before it is resident, or this is closed; nothing
   *     has changed
   */
  public ModelInfo rollback(String reason) {
    return reconciler.rollback(reason);
  }

  /**
   * Takes a version out, and every other with the same bytes: they are not tried again until {@link
   * #clear}. If it serves, this is a {@link #rollback}; if it is a canary, that ends.
   *
   * @throws IllegalArgumentException if there is no such version
   * @throws IllegalStateException if it serves and there is nothing to go back to, if its content
   *     is not known yet, or if this is closed; nothing has changed
   */
  public void reject(String version, String reason) {
    reconciler.reject(version, reason);
  }

  /**
   * A version that failed or was rejected may be tried again, and every other with the same bytes.
   *
   * @throws IllegalArgumentException if there is no such version
   * @throws IllegalStateException if this is closed
   */
  public void clear(String version) {
    reconciler.clear(version);
  }

  /**
   * The canary serves from now on, whatever its evidence.
   *
   * @return what serves now
   * @throws IllegalStateException if there is no canary, or this is closed
   */
  public ModelInfo promote() {
    return reconciler.promote();
  }

  /**
   * Shows whether a canary's evidence can be trusted here: compares what serves with itself, on the
   * calls that come, as {@code canary} would compare it with a candidate, but tolerating nothing.
   * Callers notice as little as of a canary, and nothing is promoted or rejected. What comes of it
   * is in {@link DeploymentStatus#canary()}: pending while it is quiet, undecided when it was quiet
   * until the pairs or the time of the options were over, which is what should come; hold, which
   * ends it, if the path or the model is not fair: then a candidate would be judged by chance or
   * bias. A fair one is accused at a chance of 0.01. Says nothing of a second load of the same
   * bytes.
   *
   * <p>It ends at once when a version is compared with what serves, or another one serves. Called
   * again it begins anew.
   *
   * @throws IllegalStateException if nothing serves, if a canary or the watch after a promotion
   *     runs, or if this is closed
   */
  public void selfCheck(Rollout.Canary canary) {
    reconciler.selfCheck(canary);
  }

  /**
   * Tells what the truth was about a call: {@link dev.inflight.Prediction#id()}, of this process.
   * Late, out of order and only for some is fine; it counts when the call is old enough.
   *
   * @param truth what the answer should have been: equal to it if the answer was right
   * @return whether it can count: the call was compared on both versions, and has no truth yet
   */
  public boolean feedback(long id, Object truth) {
    return reconciler.feedback(id, truth);
  }

  /**
   * Stops following, refuses new calls, waits for those inside, closes the models and removes their
   * files.
   */
  @Override
  public void close() {
    reconciler.close();
  }
}
