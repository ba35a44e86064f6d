package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.inflight.CallEnd;
import dev.inflight.CallOptions;
import dev.inflight.Ends;
import dev.inflight.Lanes;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelUnavailableException;
import dev.inflight.ModelUnavailableException.Reason;
import dev.inflight.deploy.DeploymentStatus.State;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Many models in the memory of few. The clock stands still but where a test moves it. */
@Timeout(60)
class UnloadWhenIdleTest {
  private static final Duration IDLE = Duration.ofSeconds(10);
  private static final CallOptions PATIENT = CallOptions.timeout(Duration.ofSeconds(20));

  @TempDir Path staging;
  private final AtomicLong clock = new AtomicLong();
  private final FleetLoader loader = new FleetLoader();
  private final Lanes lanes = Lanes.of(2);
  private final Map<String, FakeRepository> repositories = new HashMap<>();
  private final List<Deployment<String, String>> all = new ArrayList<>();
  private MemoryBudget budget = of(2);

  private MemoryBudget of(int models) {
    return new MemoryBudget(models * FleetLoader.BYTES, clock::get);
  }

  @AfterEach
  void end() {
    loader.go.countDown();
    all.forEach(Deployment::close);
    lanes.close();
    DeploymentFixture.await(() -> loader.open.get() == 0, loader.open::get);
    DeploymentFixture.await(() -> DeploymentFixture.isEmpty(staging), () -> staging);
    DeploymentFixture.await(() -> budget.usage().holders().isEmpty(), budget::usage);
    assertThat(loader.wrongs).hasValue(0);
  }

  private Deployment.Builder<String, String> of(String name) {
    FakeRepository repository = repositories.computeIfAbsent(name, key -> new FakeRepository());
    publish(name, 1);
    return Deployment.of(name, repository, loader)
        .lanes(lanes)
        .staging(staging)
        .pollEvery(Duration.ofMillis(5))
        .memory(budget);
  }

  private void publish(String name, int version) {
    repositories.get(name).publish("" + version, FleetLoader.content(name + ":" + version));
  }

  private Deployment<String, String> started(Deployment.Builder<String, String> builder) {
    Deployment<String, String> deployment = builder.start();
    all.add(deployment);
    return deployment;
  }

  private Deployment<String, String> idle(String name) {
    return started(of(name).unloadWhenIdle(IDLE));
  }

  private void pass(int seconds) {
    clock.addAndGet(TimeUnit.SECONDS.toNanos(seconds));
  }

  private static State state(Deployment<?, ?> deployment) {
    return DeploymentFixture.state(deployment, "1");
  }

  private static Reason refusal(Deployment<String, String> deployment) {
    return catchThrowableOfType(
            ModelUnavailableException.class, () -> deployment.predictor().predict("row"))
        .reason();
  }

  /** {@return the second of two, whose start unloaded the first} */
  private Deployment<String, String> unload(Deployment<String, String> first) {
    pass(10);
    Deployment<String, String> next = idle("next");
    pass(10);
    Deployment<String, String> last = idle("last");
    assertThat(state(first)).isEqualTo(State.UNLOADED);
    assertThat(state(next)).isEqualTo(State.LIVE);
    return last;
  }

  @Test
  void start_noRoom_leastRecentlyCalledGoes() {
    budget = of(3);
    var a = idle("a");
    var b = idle("b");
    var c = idle("c");
    pass(1);
    assertThat(b.predictor().predict("row")).isEqualTo("b:1");
    pass(1);
    assertThat(a.predictor().submit("row").join().value()).isEqualTo("a:1");
    pass(1);
    assertThat(c.predictor().predictAll(List.of("row"))).containsExactly("c:1");
    pass(10);
    var d = idle("d");
    assertThat(List.of(state(a), state(b), state(c), state(d)))
        .containsExactly(State.LIVE, State.UNLOADED, State.LIVE, State.LIVE);
    assertThat(b.status().live()).isEmpty();
    assertThat(b.status().version("1").orElseThrow().reason())
        .isEqualTo("another model needs the memory");
    assertThat(refusal(b)).isEqualTo(Reason.UNLOADED); // a goes, for b; d came last
    DeploymentFixture.awaitState(b, "1", State.LIVE);
    assertThat(List.of(state(a), state(b), state(c), state(d)))
        .containsExactly(State.UNLOADED, State.LIVE, State.LIVE, State.LIVE);
    assertThat(b.predictor().predict("row")).isEqualTo("b:1");
    assertThat(loader.mostOpen).hasValue(3);
  }

  @Test
  void start_leastRecentlyCalledIsPinned_anotherGoes() {
    var pinned = started(of("pinned"));
    pass(5);
    var other = idle("other");
    pass(100);
    idle("third");
    assertThat(state(pinned)).isEqualTo(State.LIVE);
    assertThat(state(other)).isEqualTo(State.UNLOADED);
  }

  @Test
  void start_allServedOrCalledLately_isRefusedAndNobodyGoes() {
    var a = idle("a");
    pass(9);
    var b = idle("b");
    assertThat(a.predictor().predict("row")).isEqualTo("a:1");
    pass(9);
    assertThatThrownBy(() -> of("c").unloadWhenIdle(IDLE).start(Duration.ofMillis(300)))
        .isInstanceOf(ModelLoadException.class); // refused, or waits for its next attempt
    assertThat(List.of(state(a), state(b))).containsExactly(State.LIVE, State.LIVE);
    assertThat(loader.closes).hasValue(0);
  }

  @Test
  void call_justLoadedAgain_isNotUnloadedAtOnce() {
    var a = idle("a");
    var last = unload(a);
    pass(10);
    assertThat(a.predictor().predict("row", PATIENT)).isEqualTo("a:1"); // instead of next
    pass(9);
    idle("z");
    assertThat(List.of(state(a), state(last))).containsExactly(State.LIVE, State.UNLOADED);
    assertThatThrownBy(() -> of("y").unloadWhenIdle(IDLE).start(Duration.ofMillis(300)))
        .isInstanceOf(ModelLoadException.class);
    assertThat(state(a)).isEqualTo(State.LIVE);
  }

  @Test
  void call_withATimeout_waitsForTheModel() {
    var a = idle("a");
    unload(a);
    pass(10);
    assertThat(a.predictor().predict("row", PATIENT)).isEqualTo("a:1");
    assertThat(a.predictor().call("row", CallOptions.defaults()).value()).isEqualTo("a:1");
  }

  @Test
  void call_whileUnloaded_isCountedOnceAsItEnds() {
    var a = idle("a");
    unload(a);
    Ends before = a.stats().total().ends();
    var rows = List.of("row", "row", "row");
    assertThatThrownBy(() -> a.predictor().predictAll(rows))
        .isInstanceOf(ModelUnavailableException.class);
    assertThatThrownBy(() -> a.predictor().submit("row"))
        .isInstanceOf(ModelUnavailableException.class);
    assertThat(refusal(a)).isEqualTo(Reason.UNLOADED);
    assertThat(a.stats().total().ends().since(before)).isEqualTo(new Ends(0, 0, 0, 0, 0, 0, 5));
    pass(10);
    assertThat(a.predictor().predict("row", PATIENT)).isEqualTo("a:1");
    assertThat(a.stats().total().ends().since(before).all()).isEqualTo(6);
    assertThat(a.stats().total().ends().since(before).of(CallEnd.COMPLETED)).isEqualTo(1);
  }

  @Test
  void call_manyAtOnce_loadOnce() throws Exception {
    var a = idle("a");
    unload(a);
    pass(10);
    int before = loader.loads.get();
    ExecutorService pool = Executors.newFixedThreadPool(16);
    try {
      CountDownLatch go = new CountDownLatch(1);
      List<Future<String>> calls = new ArrayList<>();
      for (int i = 0; i < 16; i++) {
        calls.add(
            pool.submit(
                () -> {
                  go.await();
                  return a.predictor().predict("row", PATIENT);
                }));
      }
      go.countDown();
      for (Future<String> call : calls) {
        assertThat(call.get(20, TimeUnit.SECONDS)).isEqualTo("a:1");
      }
    } finally {
      pool.shutdownNow();
    }
    assertThat(loader.loads).hasValue(before + 1);
  }

  @Test
  void call_noRoomNow_isRefusedInTimeAndSaysWhy() {
    var a = idle("a");
    unload(a); // the last has just been loaded
    assertThat(all.get(1).predictor().predict("row")).isEqualTo("next:1");
    long begin = System.nanoTime();
    assertThatThrownBy(
            () -> a.predictor().predict("row", CallOptions.timeout(Duration.ofMillis(100))))
        .isInstanceOfSatisfying(
            ModelUnavailableException.class,
            e -> assertThat(e.reason()).isEqualTo(Reason.UNLOADED));
    assertThat(System.nanoTime() - begin).isLessThan(TimeUnit.SECONDS.toNanos(5));
    DeploymentFixture.await(
        a, status -> status.version("1").orElseThrow().reason().contains("memory of a v1"));
    assertThat(state(a)).isEqualTo(State.UNLOADED);
    pass(10);
    assertThat(a.predictor().predict("row", PATIENT)).isEqualTo("a:1");
  }

  @Test
  void call_loadFails_whoWaitsIsToldAndItIsTriedAgain() {
    var a = idle("a");
    unload(a);
    pass(10);
    loader.failing = true;
    assertThatThrownBy(() -> a.predictor().predict("row", PATIENT))
        .isInstanceOf(ModelUnavailableException.class)
        .hasStackTraceContaining("not today");
    DeploymentStatus.Version version = a.status().version("1").orElseThrow();
    assertThat(version.state()).isEqualTo(State.UNLOADED);
    assertThat(version.reason()).contains("not today");
    loader.failing = false;
    DeploymentFixture.await(() -> serves(a), a::status);
  }

  private static boolean serves(Deployment<String, String> deployment) {
    try {
      return !deployment.predictor().predict("row").isEmpty();
    } catch (ModelUnavailableException e) {
      assertThat(e.reason()).isEqualTo(Reason.UNLOADED);
      return false;
    }
  }

  @Test
  void call_filesAreGone_areFetchedAgain() throws Exception {
    var a = idle("a");
    unload(a);
    try (var directories = Files.list(staging)) {
      for (Path directory : directories.toList()) {
        Path file = directory.resolve("model.txt");
        if (Files.readString(file).startsWith("a:1")) {
          Files.writeString(file, "evil"); // or a cleaner of old files was here
        }
      }
    }
    pass(10);
    DeploymentFixture.await(() -> serves(a), a::status);
    assertThat(a.predictor().predict("row")).isEqualTo("a:1");
    assertThat(repositories.get("a").fetches).hasValue(2);
  }

  @Test
  void call_repositoryUnreachable_isLoadedFromItsFiles() {
    var a = idle("a");
    unload(a);
    pass(10);
    repositories.get("a").unreachable = true;
    repositories.get("a").awaitPoll();
    assertThat(a.predictor().predict("row", PATIENT)).isEqualTo("a:1");
  }

  @Test
  void publish_whileUnloaded_comesUpWhenItIsCalled() {
    var a = idle("a");
    unload(a);
    publish("a", 2);
    repositories.get("a").awaitPoll();
    assertThat(DeploymentFixture.state(a, "2")).isEqualTo(State.AVAILABLE);
    pass(10);
    assertThat(a.predictor().predict("row", PATIENT)).isIn("a:1", "a:2");
    pass(10);
    DeploymentFixture.awaitState(a, "2", State.LIVE);
    assertThat(a.predictor().predict("row")).isEqualTo("a:2");
  }

  @Test
  void reject_whileUnloaded_nextBestComesUp() {
    var a = idle("a");
    unload(a);
    publish("a", 2);
    repositories.get("a").awaitPoll();
    pass(10);
    a.reject("1", "not this one");
    DeploymentFixture.awaitState(a, "2", State.LIVE);
    assertThat(state(a)).isEqualTo(State.REJECTED);
    assertThat(a.predictor().predict("row")).isEqualTo("a:2");
  }

  @Test
  void call_forTheUnloadedVersion_loadsIt() {
    var a = idle("a");
    unload(a);
    pass(10);
    assertThat(a.predictor().predict("row", PATIENT.withVersion("1"))).isEqualTo("a:1");
    assertThatThrownBy(() -> a.predictor().predict("row", PATIENT.withVersion("7")))
        .isInstanceOfSatisfying(
            ModelUnavailableException.class,
            e -> assertThat(e.reason()).isEqualTo(Reason.NOT_RESIDENT));
  }

  @Test
  void unload_duringARun_waitsForIt() throws Exception {
    var a = idle("a");
    CompletableFuture<String> running =
        CompletableFuture.supplyAsync(() -> a.predictor().predict("hang"));
    DeploymentFixture.await(() -> loader.hanging.get() == 1, loader.hanging::get);
    pass(10);
    idle("b");
    var c = of("c").unloadWhenIdle(IDLE).startAsync();
    all.add(c);
    DeploymentFixture.awaitState(a, "1", State.UNLOADED);
    assertThat(loader.closes).hasValue(0);
    assertThat(budget.usage().unreleased()).isEqualTo(FleetLoader.BYTES);
    assertThat(loader.loads).as("c waits").hasValue(2);
    loader.go.countDown();
    assertThat(running.get(20, TimeUnit.SECONDS)).isEqualTo("a:1");
    assertThat(c.ready().get(20, TimeUnit.SECONDS).name()).isEqualTo("c");
    assertThat(loader.closes).hasValue(1);
  }

  @Test
  void unload_bulkCallInside_isSpared() throws Exception {
    var a = idle("a");
    CompletableFuture<Object> bulk =
        CompletableFuture.supplyAsync(() -> a.predictor().predictAll(List.of("hang", "row")));
    DeploymentFixture.await(() -> loader.hanging.get() == 1, loader.hanging::get);
    pass(5);
    var b = idle("b");
    pass(20);
    idle("c");
    assertThat(List.of(state(a), state(b))).containsExactly(State.LIVE, State.UNLOADED);
    loader.go.countDown();
    assertThat(bulk.get(20, TimeUnit.SECONDS)).isEqualTo(List.of("a:1", "a:1"));
  }

  @Test
  void close_whileUnloaded_leavesNothing() {
    var a = idle("a");
    unload(a);
    var ready = a.ready();
    assertThat(ready).isNotDone();
    a.close();
    DeploymentFixture.await(ready::isCompletedExceptionally, () -> ready);
    assertThat(refusal(a)).isEqualTo(Reason.CLOSED);
    a.close();
  }

  @Test
  void close_whoWaits_isTold() throws Exception {
    var a = idle("a");
    unload(a);
    pass(10);
    repositories.get("a").fetchGate = new CountDownLatch(1);
    loader.failing = true; // so that nothing serves while it waits
    CompletableFuture<String> waiting =
        CompletableFuture.supplyAsync(() -> a.predictor().predict("row", PATIENT));
    a.close();
    assertThatThrownBy(() -> waiting.get(20, TimeUnit.SECONDS))
        .hasCauseInstanceOf(ModelUnavailableException.class);
  }
}
