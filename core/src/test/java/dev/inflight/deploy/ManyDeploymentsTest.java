package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.CallOptions;
import dev.inflight.Lanes;
import dev.inflight.ModelUnavailableException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * 200 deployments in the memory of 50 models, on the same lanes and loaders: for two seconds, and
 * for ten minutes with {@code -Psoak -Dtest=ManyDeploymentsTest}.
 */
class ManyDeploymentsTest {
  private static final int DEPLOYMENTS = 200;
  private static final int ROOM = 50;
  private static final int CALLERS = 4;

  @TempDir Path staging;
  private final FleetLoader loader = new FleetLoader();
  private final Lanes lanes = Lanes.of(2);
  private final List<FakeRepository> repositories = new ArrayList<>();
  private final List<AtomicInteger> published = new ArrayList<>();
  private final List<Deployment<String, String>> all = new ArrayList<>();
  private final MemoryBudget budget = new MemoryBudget(ROOM * FleetLoader.BYTES, System::nanoTime);
  private final AtomicBoolean stop = new AtomicBoolean();
  private final AtomicLong answered = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();

  private void publish(int i) {
    int version = published.get(i).incrementAndGet();
    repositories.get(i).publish("" + version, FleetLoader.content(i + ":" + version));
  }

  private void start(int i) {
    repositories.add(new FakeRepository());
    published.add(new AtomicInteger());
    publish(i);
    var deployment =
        Deployment.of("model" + i, repositories.get(i), loader)
            .lanes(lanes)
            .staging(staging)
            .pollEvery(Duration.ofMillis(200))
            .memory(budget)
            .unloadWhenIdle(Duration.ofMillis(5))
            .startAsync();
    all.add(deployment);
    deployment.ready().orTimeout(60, TimeUnit.SECONDS).join();
  }

  /** The k-th most popular is called 1/k as often as the first. */
  private static int zipf(Random random) {
    return (int) Math.min(DEPLOYMENTS - 1, Math.pow(DEPLOYMENTS, random.nextDouble()) - 1);
  }

  private void call(long seed) {
    Random random = new Random(seed);
    while (!stop.get()) {
      int i = zipf(random);
      int before = published.get(i).get();
      try {
        String answer =
            random.nextInt(4) == 0
                ? all.get(i).predictor().predict("row")
                : all.get(i).predictor().predict("row", CallOptions.timeout(Duration.ofSeconds(5)));
        assertThat(answer).as("seed %d", seed).startsWith(i + ":");
        int version = Integer.parseInt(answer.substring(answer.indexOf(':') + 1));
        assertThat(version).isBetween(1, Math.max(before, published.get(i).get()));
        answered.incrementAndGet();
      } catch (ModelUnavailableException e) {
        assertThat(e.reason()).isEqualTo(ModelUnavailableException.Reason.UNLOADED);
        refused.incrementAndGet();
      }
      if (random.nextInt(500) == 0) {
        publish(zipf(random));
      }
    }
  }

  /** Of ours. */
  private static long threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(thread -> thread.getName().startsWith("inflight"))
        .count();
  }

  @Test
  @Timeout(120)
  void deployments_manyInTheMemoryOfFew_eachAnswersWithItsOwn() throws Exception {
    run(2);
  }

  @Test
  @Tag("soak")
  @Timeout(1_200)
  void deployments_manyForTenMinutes_eachAnswersWithItsOwn() throws Exception {
    run(600);
  }

  private void run(int seconds) throws Exception {
    long seed = System.nanoTime();
    System.out.println("many deployments seed " + seed);
    for (int i = 0; i < DEPLOYMENTS; i++) {
      start(i);
    }
    List<CompletableFuture<Void>> callers = new ArrayList<>();
    for (int i = 0; i < CALLERS; i++) {
      long its = seed + i;
      callers.add(CompletableFuture.runAsync(() -> call(its)));
    }
    long most = 0;
    long mostThreads = 0;
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (System.nanoTime() < end && callers.stream().noneMatch(CompletableFuture::isDone)) {
      most = Math.max(most, budget.usage().used());
      mostThreads = Math.max(mostThreads, threads());
      CompletableFuture.runAsync(
              () -> {}, CompletableFuture.delayedExecutor(1, TimeUnit.MILLISECONDS))
          .join();
    }
    stop.set(true);
    CompletableFuture.allOf(callers.toArray(CompletableFuture[]::new)).get(60, TimeUnit.SECONDS);
    System.out.println(
        "many deployments: "
            + answered
            + " answered, "
            + refused
            + " refused, "
            + loader.loads
            + " loads, most open "
            + loader.mostOpen
            + ", threads "
            + mostThreads);
    all.forEach(Deployment::close);
    lanes.close();
    DeploymentFixture.await(() -> loader.open.get() == 0, loader.open::get);
    DeploymentFixture.await(() -> DeploymentFixture.isEmpty(staging), () -> staging);
    DeploymentFixture.await(() -> budget.usage().holders().isEmpty(), budget::usage);
    assertThat(answered.get()).isPositive();
    assertThat(most).isLessThanOrEqualTo(ROOM * FleetLoader.BYTES);
    assertThat(loader.mostOpen.get()).isLessThanOrEqualTo(ROOM);
    assertThat(loader.loads.get()).isGreaterThan(DEPLOYMENTS);
    assertThat(loader.closes).hasValue(loader.loads.get());
    assertThat(loader.wrongs).hasValue(0);
    assertThat(mostThreads).as("far fewer than deployments").isLessThan(DEPLOYMENTS / 4);
  }
}
