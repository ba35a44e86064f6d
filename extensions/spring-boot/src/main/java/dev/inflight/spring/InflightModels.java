package dev.inflight.spring;

import dev.inflight.Lanes;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelLoader;
import dev.inflight.Predictor;
import dev.inflight.deploy.CanaryOptions;
import dev.inflight.deploy.Deployment;
import dev.inflight.deploy.Rollout;
import dev.inflight.repository.DirectoryRepository;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.ListableBeanFactory;
import org.springframework.context.SmartLifecycle;

/**
 * The models of the configuration. They begin to load when this bean is made; the application
 * serves when each has a live version, and they are closed, calls inside let out, after it has
 * ceased to.
 */
public final class InflightModels implements SmartLifecycle, AutoCloseable {
  /** Before servers and listeners, which are at the end of the range; after data sources. */
  private static final int PHASE = 0;

  private static final Logger log = LoggerFactory.getLogger(InflightModels.class);

  private final Map<String, ModelProperties> properties;
  private final Map<String, PinnablePolicy> policies = new TreeMap<>();
  private final Map<String, Deployment<?, ?>> deployments = new LinkedHashMap<>();
  private volatile boolean running;

  InflightModels(
      InflightProperties properties,
      ListableBeanFactory beans,
      List<DeploymentCustomizer> customizers) {
    this.properties = new TreeMap<>(properties.models());
    try {
      this.properties.forEach(
          (name, model) ->
              deployments.put(
                  name,
                  builder(name, model, loader(beans, name, model), customizers).startAsync()));
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private static ModelLoader<?, ?> loader(
      ListableBeanFactory beans, String name, ModelProperties model) {
    if (model.loader() != null) {
      return beans.getBean(model.loader(), ModelLoader.class);
    }
    String[] candidates = beans.getBeanNamesForType(ModelLoader.class);
    if (candidates.length != 1) {
      throw new IllegalStateException(
          "inflight.models."
              + name
              + ".loader: expected the name of a ModelLoader bean, or one such bean only; there are "
              + List.of(candidates));
    }
    return beans.getBean(candidates[0], ModelLoader.class);
  }

  private Deployment.Builder<?, ?> builder(
      String name,
      ModelProperties model,
      ModelLoader<?, ?> loader,
      List<DeploymentCustomizer> customizers) {
    PinnablePolicy policy = PinnablePolicy.parse(name, model.policy());
    policies.put(name, policy);
    Deployment.Builder<?, ?> builder =
        Deployment.of(name, repository(name, model), loader)
            .policy(policy)
            .pollEvery(model.pollEvery())
            .keep(model.keep())
            .batching(model.batching().batching())
            .rollout(rollout(model.rollout()));
    if (model.lanes() > 0) {
      builder.lanes(Lanes.shared().limitedTo(model.lanes()));
    }
    if (model.home() != null) {
      builder.home(model.home());
    }
    if (model.staging() != null) {
      builder.staging(model.staging());
    }
    customizers.forEach(customizer -> customizer.customize(name, builder));
    return builder;
  }

  private static DirectoryRepository repository(String name, ModelProperties model) {
    Path directory = model.directory();
    if (directory == null) {
      throw new IllegalArgumentException(
          "inflight.models."
              + name
              + ".directory: expected the directory that holds "
              + name
              + "/<version>, got nothing");
    }
    DirectoryRepository repository = DirectoryRepository.at(directory);
    return model.requireManifest() ? repository.requireManifest() : repository;
  }

  private static Rollout rollout(ModelProperties.RolloutProperties properties) {
    CanaryOptions options = CanaryOptions.defaults();
    Double share = properties.sampleShare();
    if (share != null) {
      options = options.withSampleShare(share);
    }
    Duration deadline = properties.deadline();
    if (deadline != null) {
      options = options.withDeadline(options.maxPairs(), deadline);
    }
    double[] ramp = properties.ramp().stream().mapToDouble(Double::doubleValue).toArray();
    return switch (properties.mode()) {
      case IMMEDIATE -> Rollout.immediate();
      case CANARY -> Rollout.canary(options).withRamp(properties.step(), ramp);
      case SHADOW -> Rollout.shadow(options).withRamp(properties.step(), ramp);
    };
  }

  /** {@return the deployments by the names of their models} */
  public Map<String, Deployment<?, ?>> deployments() {
    return Collections.unmodifiableMap(deployments);
  }

  /** {@return all of them, in the order of their names} */
  Collection<Deployment<?, ?>> all() {
    return deployments().values();
  }

  /** {@return the deployment of a model, if there is one} */
  public Optional<Deployment<?, ?>> deployment(String model) {
    return Optional.ofNullable(deployments.get(model));
  }

  Predictor<?, ?> predictor(String model) {
    Predictor<?, ?> predictor = existing(model).predictor();
    Optional<Duration> timeout =
        Optional.ofNullable(properties.get(model)).flatMap(ModelProperties::defaultTimeout);
    return timeout.isPresent() ? new TimedPredictor<>(predictor, timeout.get()) : predictor;
  }

  Deployment<?, ?> existing(String model) {
    return deployment(model).orElseThrow(() -> unknown(model));
  }

  private IllegalArgumentException unknown(String model) {
    return new IllegalArgumentException(
        "expected a model of " + deployments.keySet() + ", got '" + model + "'");
  }

  private PinnablePolicy policy(String model) {
    PinnablePolicy policy = policies.get(model);
    if (policy == null) {
      throw unknown(model);
    }
    return policy;
  }

  /**
   * From the next poll on that version is wanted, whatever the configured policy says, until {@link
   * #unpin} or the end of the process. One that cannot be brought up changes nothing.
   *
   * @throws IllegalArgumentException if there is no such model, or no such version of it
   */
  public void pin(String model, String version) {
    if (existing(model).status().version(version).isEmpty()) {
      throw new IllegalArgumentException(
          model + ": expected a version of the repository, got '" + version + "'");
    }
    policy(model).pin(version);
  }

  /**
   * The configured policy decides again.
   *
   * @throws IllegalArgumentException if there is no such model
   */
  public void unpin(String model) {
    policy(model).unpin();
  }

  /** {@return the version that somebody pinned} */
  public Optional<String> pinned(String model) {
    return policy(model).pinned();
  }

  /**
   * Waits for the models.
   *
   * @throws ModelLoadException if a required one cannot serve, or does not within its time
   */
  @Override
  public void start() {
    long begin = System.nanoTime();
    properties.forEach(
        (name, model) -> {
          if (!model.startWithin().isZero()) {
            await(name, existing(name), model, begin);
          }
        });
    running = true;
  }

  private static void await(
      String name, Deployment<?, ?> deployment, ModelProperties model, long begin) {
    CompletableFuture<?> ready = deployment.ready();
    try {
      long left = model.startWithin().toNanos() - (System.nanoTime() - begin);
      ready.get(Math.max(0, left), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(name + ": interrupted while the application started", e);
    } catch (TimeoutException e) {
      String problem =
          name
              + ": expected a live version within inflight.models."
              + name
              + ".start-within = "
              + model.startWithin()
              + ", got "
              + deployment.status().versions();
      goOn(model, new ModelLoadException(ModelLoadException.Stage.FETCH, problem, e));
    } catch (ExecutionException e) {
      ModelLoadException failure =
          e.getCause() instanceof ModelLoadException cause
              ? cause
              : new ModelLoadException(
                  ModelLoadException.Stage.FETCH, name + ": " + e.getCause(), e);
      goOn(model, failure);
    }
  }

  private static void goOn(ModelProperties model, ModelLoadException failure) {
    if (model.required()) {
      throw failure;
    }
    log.warn("the application starts without a model: {}", failure.getMessage());
  }

  @Override
  public void stop() {
    running = false;
    close();
  }

  /** Closes all models, each after the calls inside were let out. */
  @Override
  public void close() {
    deployments.values().parallelStream().forEach(Deployment::close);
  }

  @Override
  public boolean isRunning() {
    return running;
  }

  @Override
  public int getPhase() {
    return PHASE;
  }
}
