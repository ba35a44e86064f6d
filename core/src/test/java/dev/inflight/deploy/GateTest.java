package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.Lanes;
import dev.inflight.ModelInfo;
import dev.inflight.deploy.DeploymentStatus.GateReport;
import dev.inflight.deploy.DeploymentStatus.State;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What a version has to pass, and that nothing gets past it. */
@Timeout(60)
class GateTest {
  private static final List<Float> ROWS = List.of(31f, 47f, 59f);
  private static final List<Gate.Golden<Float, Float>> GOLDEN =
      List.of(new Gate.Golden<>(31f, 62f), new Gate.Golden<>(47f, 94f));

  @TempDir Path staging;
  private final Lanes lanes = Lanes.of(2);
  private final FakeNumbers loader = new FakeNumbers();
  private final FakeRepository repository = new FakeRepository();
  private final BlockingQueue<String> events = new LinkedBlockingQueue<>();

  @BeforeEach
  void publishOne() {
    repository.publish("1", "good");
  }

  @AfterEach
  void closeLanes() {
    lanes.close();
  }

  private Deployment.Builder<Float, Float> numbers(Gate<Float, Float> gate) {
    return Deployment.of("numbers", repository, loader)
        .lanes(lanes)
        .staging(staging)
        .pollEvery(Duration.ofMillis(5))
        .gate(gate)
        .listen(
            new DeploymentListener() {
              @Override
              public void onFailed(String version, String reason) {
                events.add(version + " " + reason);
              }
            });
  }

  /** Only of the second version. */
  private static Gate<Float, Float> second(Gate<Float, Float> gate) {
    return new Gate<Float, Float>() {
      @Override
      public String check(Candidate<Float, Float> candidate) throws Exception {
        return !candidate.info().version().equals("2") ? "other" : gate.check(candidate);
      }
    }.named(gate.name()).within(gate.patience());
  }

  /** Recorded, told, and the same as in the status. */
  @Test
  void gates_ofVersionsThatPassAndDoNot_areInTheFlightRecording() throws Exception {
    Path file = staging.resolve("flight.jfr");
    BlockingQueue<String> told = new LinkedBlockingQueue<>();
    try (Recording recording = new Recording()) {
      recording.start();
      Gate<Float, Float> gate = second(Gate.golden(GOLDEN, Tolerance.exact()));
      var listener =
          new DeploymentListener() {
            @Override
            public void onLoaded(ModelInfo model, Duration took) {
              told.add("loaded " + model.version() + " " + !took.isNegative());
            }

            @Override
            public void onGate(String version, GateReport report) {
              told.add("gate " + version + " " + report.passed());
            }
          };
      try (var numbers = numbers(gate).listen(listener).start()) {
        repository.publish("2", "off 2");
        DeploymentFixture.await(
            numbers, s -> s.version("2").filter(v -> v.state() == State.FAILED).isPresent());
        for (String event :
            List.of("loaded 1 true", "gate 1 true", "loaded 2 true", "gate 2 false")) {
          assertThat(told.poll(20, TimeUnit.SECONDS)).isEqualTo(event);
        }
      }
      recording.stop();
      recording.dump(file);
    }
    List<String> events = new ArrayList<>();
    for (RecordedEvent event : RecordingFile.readAllEvents(file)) {
      String name = event.getEventType().getName();
      if (List.of("inflight.Load", "inflight.Gate").contains(name)) {
        String passed = name.endsWith("Gate") ? " " + event.getBoolean("passed") : "";
        events.add(name + " " + event.getString("version") + passed);
      } else if (name.equals("inflight.State") && event.getString("version").equals("2")) {
        events.add(event.getString("state"));
      }
    }
    assertThat(events)
        .contains("inflight.Load 1", "inflight.Gate 1 true", "inflight.Load 2")
        .contains("inflight.Gate 2 false", "LOADING", "GATING", "FAILED");
    Files.delete(file);
  }

  /** Publishes it as version 2, which must not get past the gate; the report of the gate. */
  private GateReport assertRefused(Gate<Float, Float> gate, String content) throws Exception {
    try (var numbers = numbers(gate).start()) {
      repository.publish("2", content + " 2");
      var status =
          DeploymentFixture.await(
              numbers, s -> s.version("2").filter(v -> v.state() == State.FAILED).isPresent());
      var second = status.version("2").orElseThrow();
      assertThat(second.attempts()).isEqualTo(1);
      assertThat(second.nextAttempt()).isEmpty();
      GateReport report = second.gates().get(0);
      assertThat(report.passed()).isFalse();
      assertThat(second.reason())
          .isEqualTo("numbers v2: " + report.gate() + ": " + report.detail());
      assertThat(status.live().orElseThrow().version()).isEqualTo("1");
      DeploymentFixture.await(() -> loader.open().equals(List.of("1")), loader::open);
      repository.awaitPoll();
      repository.awaitPoll();
      assertThat(numbers.predictor().predict(3f)).isEqualTo(6f);
      assertThat(loader.loaded).containsExactly("1", "2");
      repository.publish("3", "good 3");
      DeploymentFixture.awaitState(numbers, "3", State.LIVE);
      assertThat(events).containsExactly("2 " + second.reason());
      return report;
    } finally {
      DeploymentFixture.await(() -> loader.open().isEmpty(), loader::open);
      DeploymentFixture.await(() -> DeploymentFixture.isEmpty(staging), () -> "files");
    }
  }

  private List<GateReport> passed(Gate<Float, Float> gate, String content) throws Exception {
    repository.publish("2", content + " 2");
    try (var numbers = numbers(gate).start()) {
      assertThat(numbers.status().live().orElseThrow().version()).isEqualTo("2");
      return numbers.status().version("2").orElseThrow().gates();
    }
  }

  private static void assertSaysNoValues(GateReport report) {
    assertThat(report.detail()).doesNotContain("31", "47", "59", "62", "94", "118");
  }

  @Test
  void warmUp_good_runsEveryLaneAndSize() throws Exception {
    GateReport report = passed(Gate.warmUp(ROWS), "good").get(0);
    assertThat(report.gate()).isEqualTo("warm-up");
    assertThat(report.passed()).isTrue();
    assertThat(report.detail())
        .isEqualTo("30 runs"); // 2 lanes, sizes 1 to 64, and 1 on a spare, twice
    assertThat(loader.runners).contains("2 0", "2 1");
    assertThat(loader.runs).contains("2 1", "2 2", "2 4", "2 64");
  }

  @ParameterizedTest
  @CsvSource({
    "throws, numbers v2 failed: java.lang.IllegalStateException: bad node",
    "error, numbers v2 failed: java.lang.AssertionError: bad kernel",
    "short, 'numbers v2 failed: java.lang.IllegalStateException: expected 1 answer, got 0'"
  })
  void warmUp_runFails_isRefused(String content, String why) throws Exception {
    GateReport report = assertRefused(Gate.warmUp(ROWS), content);
    assertThat(report.detail()).contains(why);
    assertSaysNoValues(report);
  }

  @Test
  void warmUp_noRows_isRefused() throws Exception {
    GateReport report = assertRefused(second(Gate.warmUp(List.of())), "good");
    assertThat(report.detail()).contains("expected rows, got none");
  }

  @Test
  void golden_good_passes() throws Exception {
    GateReport report = passed(Gate.golden(GOLDEN, Tolerance.exact()), "good").get(0);
    assertThat(report.passed()).isTrue();
    assertThat(report.detail()).startsWith("2 rows, ");
  }

  @ParameterizedTest
  @CsvSource({"nan, NOT_A_NUMBER", "off, golden row 0", "throws, bad node", "short, expected"})
  void golden_wrong_isRefused(String content, String why) throws Exception {
    GateReport report = assertRefused(Gate.golden(GOLDEN, Tolerance.absolute(.1)), content);
    assertThat(report.gate()).isEqualTo("golden");
    assertThat(report.detail()).contains(why);
    assertSaysNoValues(report);
  }

  @Test
  void golden_noRowsBeside_isRefused() throws Exception {
    Gate<Float, Float> none = Gate.golden(artifact -> List.of(), Tolerance.exact());
    assertThat(assertRefused(second(none), "good").detail()).contains("expected golden rows");
  }

  @Test
  void batchInvariance_good_passes() throws Exception {
    GateReport report = passed(Gate.batchInvariance(ROWS, Tolerance.exact()), "good").get(0);
    assertThat(report.detail()).startsWith("3 rows in batches of [2, 3, 7, 64], ");
  }

  @ParameterizedTest
  @ValueSource(strings = {"mean", "short", "throws"})
  void batchInvariance_dependsOnTheBatch_isRefused(String content) throws Exception {
    GateReport report = assertRefused(Gate.batchInvariance(ROWS, Tolerance.exact()), content);
    if (content.equals("mean")) {
      assertThat(report.detail()).startsWith("row 0 alone and in a batch of 2: ");
    }
    assertSaysNoValues(report);
  }

  @Test
  void batchInvarianceOrAlone_dependsOnTheBatch_servesRowByRow() throws Exception {
    repository.publish("2", "mean 2");
    Gate<Float, Float> gate = Gate.batchInvarianceOrAlone(ROWS, Tolerance.exact());
    try (var numbers = numbers(gate).start()) {
      GateReport report = numbers.status().version("2").orElseThrow().gates().get(0);
      assertThat(report.passed()).isTrue();
      assertThat(report.detail()).startsWith("serves row by row: row 0 alone and in a batch of 2");
      assertSaysNoValues(report);
      loader.runs.clear();
      assertThat(numbers.predictor().predictAll(ROWS)).containsExactly(62f, 94f, 118f);
      var calls = ROWS.stream().map(row -> numbers.predictor().submit(row)).toList();
      assertThat(calls.stream().map(call -> call.join().value())).containsExactly(62f, 94f, 118f);
      assertThat(loader.runs).containsExactly("2 1");
    }
  }

  @Test
  void sameSignature_other_isRefused() throws Exception {
    GateReport report = assertRefused(Gate.sameSignature(), "signature");
    assertThat(report.detail()).startsWith("expected the signature of numbers v1: ");
  }

  @Test
  void size_large_isRefused() throws Exception {
    GateReport report = assertRefused(Gate.size(1_000), "large");
    assertThat(report.detail())
        .isEqualTo("files 7 bytes, memory 1099511627776 bytes, of at most 1000");
  }

  @Test
  void size_small_passes() throws Exception {
    assertThat(passed(Gate.size(6), "good").get(0).passed()).isTrue();
  }

  @Test
  void latency_slow_isRefused() throws Exception {
    assertThat(assertRefused(second(Gate.latency(ROWS, Duration.ofNanos(1))), "good").detail())
        .startsWith("median PT")
        .endsWith(" of at most PT0.000000001S");
  }

  @Test
  void check_hangs_isGivenUpAndInterrupted() throws Exception {
    CountDownLatch interrupted = new CountDownLatch(1);
    Gate<Float, Float> hangs =
        candidate -> {
          try {
            new CountDownLatch(1).await();
          } catch (InterruptedException e) {
            interrupted.countDown();
          }
          return "late";
        };
    GateReport report =
        assertRefused(second(hangs.named("slow").within(Duration.ofMillis(50))), "good");
    assertThat(report.detail()).isEqualTo("did not end within PT0.05S");
    assertThat(report.millis()).isGreaterThanOrEqualTo(50);
    assertThat(interrupted.await(20, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void check_throwsAnything_isRefused() throws Exception {
    for (Throwable failure :
        List.of(
            new AssertionError("mine"),
            new java.io.IOException("mine"),
            new CancellationException("mine"),
            new InterruptedException("mine"),
            new StackOverflowError("mine"))) {
      events.clear();
      loader.loaded.clear();
      loader.closed.clear();
      repository.entries.remove("2");
      repository.entries.remove("3");
      Gate<Float, Float> gate =
          candidate -> {
            if (failure instanceof Error error) {
              throw error;
            }
            throw (Exception) failure;
          };
      assertThat(assertRefused(second(gate), "good").detail()).contains("mine");
    }
  }

  @Test
  void gates_several_stopAtTheFirstThatRefuses() throws Exception {
    repository.publish("2", "off 2");
    try (var numbers =
        numbers(Gate.warmUp(ROWS))
            .gate(Gate.golden(GOLDEN, Tolerance.exact()))
            .gate(Gate.size(1_000))
            .start()) {
      DeploymentStatus status =
          DeploymentFixture.await(
              numbers, s -> s.version("2").orElseThrow().state() == State.FAILED);
      assertThat(status.version("2").orElseThrow().gates())
          .extracting(GateReport::gate, GateReport::passed)
          .containsExactly(
              org.assertj.core.groups.Tuple.tuple("warm-up", true),
              org.assertj.core.groups.Tuple.tuple("golden", false));
      assertThat(status.version("1").orElseThrow().gates()).hasSize(3);
    }
  }

  @Test
  void load_infoThrows_failsAndTheNextBestServes() throws Exception {
    repository.publish("2", "info");
    try (var numbers = numbers(Gate.warmUp(ROWS)).start()) {
      assertThat(numbers.predictor().predict(3f)).isEqualTo(6f);
      DeploymentFixture.awaitState(numbers, "2", State.FAILED);
      assertThat(numbers.status().version("2").orElseThrow().reason()).contains("no metadata");
      assertThat(loader.open()).containsExactly("1");
    }
  }
}
