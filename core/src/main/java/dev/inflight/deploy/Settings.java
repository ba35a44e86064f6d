package dev.inflight.deploy;

import dev.inflight.Batching;
import dev.inflight.InferenceListener;
import dev.inflight.Lanes;
import dev.inflight.ModelLoader;
import dev.inflight.repository.ModelRepository;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** What a deployment was started with. */
record Settings<I, O>(
    String name,
    ModelRepository repository,
    ModelLoader<I, O> loader,
    List<DeploymentListener> listeners,
    List<InferenceListener> inferenceListeners,
    List<Gate<I, O>> gates,
    VersionPolicy policy,
    Rollout rollout,
    Duration interval,
    Duration loadPatience,
    int keep,
    Lanes lanes,
    Batching batching,
    Path staging,
    Optional<Path> home,
    MemoryBudget memory,
    boolean dropOldFirst,
    Optional<Duration> unloadWhenIdle) {}
