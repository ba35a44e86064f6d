package dev.inflight.fetch;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.Lanes;
import dev.inflight.deploy.Deployment;
import dev.inflight.deploy.DeploymentStatus;
import dev.inflight.deploy.VersionPolicy;
import dev.inflight.repository.ModelRepository;
import dev.inflight.testkit.Outage;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Deployments whose source is away serve, and say since when. */
class OfflineDeploymentTest extends CacheFixture {
  private static final int POLLS = 30;
  private static final int HUNG_POLLS = 3;
  private static final int MANY_POLLS = 2_000;

  /** A kilobyte a poll would be more in the long run, a row of buffers in the short one. */
  private static final long LEAK = 1_000_000;

  private final Lanes lanes = Lanes.of(1);

  @AfterEach
  void closeLanes() {
    lanes.close();
  }

  private Deployment.Builder<String, String> deployment(ModelRepository repository) {
    return Deployment.of(MODEL, repository, new TextLoader())
        .lanes(lanes)
        .staging(home.resolve("staging"))
        .pollEvery(Duration.ofMillis(1));
  }

  private static void await(BooleanSupplier condition, Supplier<?> otherwise) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("not within 20 s: " + otherwise.get());
      }
      LockSupport.parkNanos(100_000);
    }
  }

  private static void awaitLive(Deployment<?, ?> deployment, String version) {
    await(
        () -> deployment.status().live().filter(v -> v.version().equals(version)).isPresent(),
        deployment::status);
  }

  private void publish(String version, String text) {
    source.publish(version, Map.of(TextLoader.FILE, text.getBytes(StandardCharsets.UTF_8)));
  }

  @Test
  void start_withoutNetworkFromASeed_serves() throws Exception {
    Path seed = home.resolve("seed");
    publish("1", "one");
    CachedRepository.of(source, seed).prefetch(MODEL, VersionPolicy.latest());
    Instant shipped = Instant.now();
    source.away = true;
    try (var deployment = deployment(open().withSeed(seed)).start(Duration.ofSeconds(20))) {
      assertThat(deployment.predictor().predict("a")).isEqualTo("one:a");
      assertThat(deployment.status().problem()).isEmpty();
      assertThat(deployment.status().lastHeard().orElseThrow()).isBeforeOrEqualTo(shipped);
      publish("2", "two");
      source.away = false;
      awaitLive(deployment, "2");
      assertThat(deployment.predictor().predict("a")).isEqualTo("two:a");
      assertThat(deployment.status().lastHeard().orElseThrow()).isAfter(shipped);
    }
    source.away = true;
    try (var deployment = deployment(open().withSeed(seed)).start(Duration.ofSeconds(20))) {
      assertThat(deployment.predictor().predict("a")).as("restarted").isEqualTo("two:a");
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void predict_sourceAwayForLong_keepsNothingOfThePolls(boolean cached) throws Exception {
    publish("1", "one");
    try (var deployment = deployment(cached ? open() : source).start(Duration.ofSeconds(20))) {
      source.away = true;
      pollSource(200);
      long before = used();
      int lines = logged().size();
      pollSource(MANY_POLLS);
      assertThat(used() - before).as("bytes that are left").isLessThan(LEAK);
      assertThat(logged()).hasSize(lines);
      assertThat(deployment.predictor().predict("a")).isEqualTo("one:a");
    }
  }

  private void pollSource(int times) {
    int enough = source.polls.get() + times;
    await(() -> source.polls.get() >= enough, source.polls::get);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void predict_registryBrokenInEveryWay_isAnswered(boolean cached) throws Exception {
    try (TextServer server = new TextServer()) {
      server.publish("1", "one");
      ModelRepository remote = server.repository();
      ModelRepository followed = cached ? CachedRepository.of(remote, directory) : remote;
      try (var deployment = deployment(followed).start(Duration.ofSeconds(20));
          Caller caller = new Caller(deployment)) {
        round(server, deployment, caller); // loads what each kind of failure needs
        int lines = logged().size();
        long before = used();
        round(server, deployment, caller);
        assertThat(used() - before).as("bytes that are left").isLessThan(LEAK);
        // One for each outage; a busy machine adds answers that came too late. Polls were 130.
        assertThat(logged().size() - lines).as("5 outages").isBetween(0, cached ? 30 : 0);
        server.fail(Optional.empty());
        server.publish("2", "two");
        awaitLive(deployment, "2");
      }
    }
  }

  private void round(TextServer server, Deployment<?, ?> deployment, Caller caller)
      throws Exception {
    for (Outage outage :
        List.of(Outage.DOWN, Outage.HUNG, Outage.HTML, Outage.GARBAGE, Outage.ERROR)) {
      Instant working = Instant.now();
      await(() -> heard(deployment).isAfter(working), deployment::status);
      server.fail(Optional.of(outage));
      poll(server, 2);
      Instant heard = heard(deployment);
      long calls = caller.calls.get();
      poll(server, outage == Outage.HUNG ? HUNG_POLLS : POLLS);
      assertThat(heard(deployment)).as(outage + ": nothing was heard").isEqualTo(heard);
      assertThat(caller.calls.get()).isGreaterThan(calls);
      assertThat(caller.failure.get()).isNull();
      server.fail(Optional.empty());
      await(() -> heard(deployment).isAfter(heard), deployment::status);
    }
  }

  private static Instant heard(Deployment<?, ?> deployment) {
    DeploymentStatus status = deployment.status();
    return status.lastHeard().orElseThrow();
  }

  private static void poll(TextServer server, int times) {
    int enough = server.polls.get() + times;
    await(() -> server.polls.get() >= enough, server.polls::get);
  }

  private static long used() {
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 4; i++) {
      System.gc();
      least =
          Math.min(least, Runtime.getRuntime().totalMemory() - Runtime.getRuntime().freeMemory());
    }
    return least;
  }

  /** Calls without pause, and keeps the first failure. */
  private static final class Caller implements AutoCloseable {
    final AtomicLong calls = new AtomicLong();
    final AtomicReference<Throwable> failure = new AtomicReference<>();
    private final AtomicBoolean ended = new AtomicBoolean();
    private final Thread thread;

    Caller(Deployment<String, String> deployment) {
      thread =
          new Thread(
              () -> {
                try {
                  while (!ended.get()) {
                    assertThat(deployment.predictor().predict("a")).endsWith(":a");
                    calls.incrementAndGet();
                    LockSupport.parkNanos(200_000);
                  }
                } catch (Throwable e) {
                  failure.set(e);
                }
              },
              "caller");
      thread.start();
    }

    @Override
    public void close() {
      ended.set(true);
      await(() -> !thread.isAlive(), () -> thread);
      assertThat(failure.get()).isNull();
    }
  }
}
