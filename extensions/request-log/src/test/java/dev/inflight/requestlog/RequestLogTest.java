package dev.inflight.requestlog;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.CallOptions;
import dev.inflight.InvalidInputException;
import dev.inflight.Prediction;
import dev.inflight.PredictionFailedException;
import dev.inflight.Predictor;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.junit.jupiter.api.Test;

class RequestLogTest {
  private static final String SECRET = "this message quotes the row";

  private record Flower(float length, String owner) {}

  private record Species(String label, double probability) {}

  private static final Disclosure<Flower, Species> OPEN =
      new Disclosure<>(
          flower -> Map.of("length", flower.length()), species -> Map.of("label", species.label()));

  private final Sink sink = new Sink();

  private static Species classify(Flower flower) {
    if (flower.length() < 0) {
      throw new InvalidInputException(SECRET);
    } else if (flower.length() > 100) {
      throw new ArithmeticException(SECRET);
    }
    return new Species("setosa", 0.5);
  }

  private static Predictor<Flower, Species> model() {
    return Predictor.of(RequestLogTest::classify);
  }

  private RequestLog everything() {
    return RequestLog.to(sink).sampling(Sampling.rate(1)).source(URI.create("/here")).start();
  }

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.getAsBoolean() && System.nanoTime() < deadline) {
      LockSupport.parkNanos(1_000_000);
    }
    assertThat(condition.getAsBoolean()).isTrue();
  }

  @Test
  void call_answered_isOneCloudEventThatCarriesItsId() {
    Prediction<Species> answer;
    try (RequestLog log = everything()) {
      answer = log.around("iris", model(), OPEN).call(new Flower(4, "Ann"), CallOptions.defaults());
    }
    assertThat(sink.records()).hasSize(1);
    Map<String, Object> event = sink.records().get(0);
    String id = Long.toString(answer.id());
    assertThat(event)
        .containsEntry("specversion", "1.0")
        .containsEntry("id", id)
        .containsEntry("source", "/here")
        .containsEntry("type", "dev.inflight.call.v1")
        .containsEntry("datacontenttype", "application/json");
    assertThat(Instant.parse((String) event.get("time")))
        .isBetween(Instant.now().minusSeconds(60), Instant.now().plusSeconds(1));
    Map<String, Object> data = Json.map(event, "data");
    assertThat(data)
        .containsEntry("model_name", "iris")
        .containsEntry("model_version", "1")
        .containsEntry("id", id)
        .containsEntry("inputs", List.of(tensor("length", "FP32", 4.0)))
        .containsEntry("outputs", List.of(tensor("label", "BYTES", "setosa")));
    Map<String, Object> parameters = Json.map(data, "parameters");
    assertThat(parameters).containsOnlyKeys("end", "latency_ns").containsEntry("end", "completed");
    assertThat((Long) parameters.get("latency_ns")).isPositive();
    assertThat(sink.text()).doesNotContain("Ann").endsWith("}\n");
    assertThat(sink.isClosed()).isFalse();
  }

  private static Map<String, Object> tensor(String name, String type, Object value) {
    return Map.of("name", name, "datatype", type, "shape", List.of(1L), "data", List.of(value));
  }

  @Test
  void call_withoutADisclosure_logsNoValues() {
    try (RequestLog log = everything()) {
      log.around("iris", model()).predict(new Flower(4, "Ann"));
    }
    assertThat(Json.map(sink.records().get(0), "data"))
        .containsOnlyKeys("model_name", "model_version", "id", "parameters");
  }

  @Test
  void call_fails_logsTheKindAndNoMessage() {
    try (RequestLog log = everything()) {
      Predictor<Flower, Species> predictor = log.around("iris", model(), OPEN);
      assertThatThrownBy(() -> predictor.predict(new Flower(-1, "Ann")))
          .isInstanceOf(InvalidInputException.class);
      assertThatThrownBy(() -> predictor.submit(new Flower(200, "Ann")).join())
          .hasCauseInstanceOf(PredictionFailedException.class);
    }
    List<Map<String, Object>> events = sink.records();
    assertThat(events).extracting(event -> event.get("id")).containsExactly("failed-1", "failed-2");
    Map<String, Object> invalid = Json.map(events.get(0), "data");
    assertThat(invalid).containsOnlyKeys("model_name", "inputs", "parameters");
    assertThat(Json.map(invalid, "parameters"))
        .containsEntry("end", "invalid")
        .containsEntry("error", InvalidInputException.class.getName());
    assertThat(Json.map(Json.map(events.get(1), "data"), "parameters"))
        .containsEntry("end", "failed")
        .containsEntry("cause", ArithmeticException.class.getName());
    assertThat(sink.text()).doesNotContain(SECRET).doesNotContain("Ann");
  }

  @Test
  void submit_cancelled_cancelsTheCallAndSaysSo() {
    CompletableFuture<Prediction<Species>> waiting = new CompletableFuture<>();
    try (RequestLog log = everything()) {
      CompletableFuture<Prediction<Species>> future =
          log.around("iris", new Submitting(waiting), OPEN).submit(new Flower(1, "Ann"));
      assertThat(future.cancel(true)).isTrue();
      assertThat(waiting).isCancelled();
      assertThatThrownBy(future::join).isInstanceOf(CancellationException.class);
    }
    assertThat(Json.map(Json.map(sink.records().get(0), "data"), "parameters"))
        .containsEntry("end", "cancelled");
  }

  @Test
  void submit_continuationChangesTheAnswer_logHasTheOldOne() {
    CompletableFuture<Prediction<double[]>> call = new CompletableFuture<>();
    Predictor<Double, double[]> predictor = new Arrays(call);
    try (RequestLog log = everything()) {
      CompletableFuture<Prediction<double[]>> future =
          log.around(
                  "m",
                  predictor,
                  new Disclosure<Double, double[]>(row -> Map.of(), y -> Map.of("y", y)))
              .submit(1.0);
      var after = future.thenAccept(answer -> answer.value()[0] = 99);
      call.complete(
          Predictor.<Double, double[]>of(x -> new double[] {7}).call(1.0, CallOptions.defaults()));
      after.join();
    }
    assertThat(Json.map(sink.records().get(0), "data"))
        .containsEntry("outputs", List.of(tensor("y", "FP64", 7.0)));
  }

  @Test
  void disclosure_thatFails_costsTheRecordItsValuesAndNobodyElse() {
    List<Function<Flower, Map<String, ?>>> bad =
        List.of(
            flower -> {
              throw new IllegalStateException(SECRET);
            },
            flower -> {
              throw new StackOverflowError();
            },
            flower -> null,
            flower -> Map.of("x", new Object()),
            flower -> Map.of("x", new double[][] {{1, 2}, {3}}),
            flower -> Map.of("x", List.of(1, "two")),
            flower -> Map.of("x", new String[] {null}));
    try (RequestLog log = everything()) {
      for (Function<Flower, Map<String, ?>> function : bad) {
        Predictor<Flower, Species> predictor =
            log.around("iris", model(), new Disclosure<>(function, OPEN.answer()));
        assertThat(predictor.predict(new Flower(1, "Ann")).label()).isEqualTo("setosa");
      }
      assertThat(log.stats().withheld()).isEqualTo(bad.size());
    }
    assertThat(sink.records()).hasSize(bad.size());
    for (Map<String, Object> event : sink.records()) {
      Map<String, Object> data = Json.map(event, "data");
      assertThat(data).doesNotContainKey("inputs").containsKey("outputs");
      assertThat(Json.map(data, "parameters")).containsEntry("inputs_withheld", "failed");
    }
    assertThat(sink.text()).doesNotContain(SECRET);
  }

  @Test
  void disclosure_ofTooMuch_isWithheld() {
    try (RequestLog log = RequestLog.to(sink).sampling(Sampling.rate(1)).maxPayload(200).start()) {
      Disclosure<Flower, Species> huge =
          new Disclosure<>(
              flower -> Map.of("x", new float[100_000]), species -> Map.of("label", "ok"));
      log.around("iris", model(), huge).predict(new Flower(1, "Ann"));
      assertThat(log.stats().withheld()).isEqualTo(1);
    }
    Map<String, Object> data = Json.map(sink.records().get(0), "data");
    assertThat(data).doesNotContainKey("inputs").containsKey("outputs");
    assertThat(Json.map(data, "parameters")).containsEntry("inputs_withheld", "too_large");
    assertThat(sink.text().length()).isLessThan(1_000);
  }

  @Test
  void queueIsFull_dropsAreCountedOneByOne() throws InterruptedException {
    sink.hold();
    try (RequestLog log = RequestLog.to(sink).sampling(Sampling.rate(1)).queue(4).start()) {
      Predictor<Flower, Species> predictor = log.around("iris", model(), OPEN);
      predictor.predict(new Flower(1, "Ann"));
      sink.awaitInside();
      for (int i = 0; i < 10; i++) {
        predictor.predict(new Flower(1, "Ann"));
      }
      assertThat(log.stats()).isEqualTo(new RequestLogStats(11, 0, 0, 6, 0, 0));
      sink.letGo();
      log.close(Duration.ofSeconds(20));
      assertThat(log.stats()).isEqualTo(new RequestLogStats(11, 5, 0, 6, 0, 0));
    }
    assertThat(sink.records()).hasSize(5);
  }

  @Test
  void writingFails_isCountedAndLoggedOnceAndTheNextRecordIsWhole() {
    PrintStream err = System.err;
    ByteArrayOutputStream logged = new ByteArrayOutputStream();
    System.setErr(new PrintStream(logged, true, StandardCharsets.UTF_8));
    try (RequestLog log = everything()) {
      Predictor<Flower, Species> predictor = log.around("iris", model(), OPEN);
      sink.fail(true);
      for (int i = 0; i < 3; i++) {
        assertThat(predictor.predict(new Flower(1, "Ann")).label()).isEqualTo("setosa");
      }
      await(() -> log.stats().failed() == 3);
      sink.fail(false);
      predictor.predict(new Flower(1, "Ann"));
      log.close(Duration.ofSeconds(20));
      assertThat(log.stats()).isEqualTo(new RequestLogStats(4, 1, 0, 0, 3, 0));
    } finally {
      System.setErr(err);
    }
    assertThat(logged.toString(StandardCharsets.UTF_8)).containsOnlyOnce("WARN");
    List<String> lines = sink.text().lines().toList();
    assertThat(Json.parse(lines.get(lines.size() - 1))).containsKey("data");
  }

  @Test
  void close_writerHangs_returnsInTimeAndCountsWhatIsLost() throws InterruptedException {
    sink.hold();
    RequestLog log = everything();
    Predictor<Flower, Species> predictor = log.around("iris", model(), OPEN);
    predictor.predict(new Flower(1, "Ann"));
    sink.awaitInside();
    predictor.predict(new Flower(1, "Ann"));
    predictor.predict(new Flower(1, "Ann"));
    log.close(Duration.ofMillis(50));
    assertThat(log.stats().dropped()).isEqualTo(2);
    assertThat(predictor.predict(new Flower(1, "Ann")).label()).isEqualTo("setosa");
    assertThat(log.stats().sampled()).isEqualTo(3);
    sink.letGo();
    await(() -> log.stats().written() == 1);
    assertThat(sink.records()).hasSize(1);
  }

  @Test
  void close_reservoir_isWritten() {
    try (RequestLog log =
        RequestLog.to(sink).sampling(Sampling.reservoir(3, Duration.ofHours(1))).start()) {
      Predictor<Flower, Species> predictor = log.around("iris", model(), OPEN);
      for (int i = 0; i < 50; i++) {
        predictor.predict(new Flower(i, "Ann"));
      }
      assertThat(sink.text()).isEmpty();
    }
    assertThat(sink.records()).hasSize(3);
  }

  @Test
  void record_timeAndLatency_areTheClocks() {
    Instant noon = Instant.parse("2026-01-02T12:00:00.250Z");
    AtomicLong nanos = new AtomicLong(7);
    RequestLog.Settings settings =
        new RequestLog.Settings(
            Sampling.rate(0.5),
            URI.create("/here"),
            16,
            1_000,
            Clock.fixed(noon, ZoneOffset.UTC),
            nanos::get,
            new ArrayDeque<>(List.of(0.4, 0.5))::remove,
            Thread::new);
    try (RequestLog log = new RequestLog(Lines.to(sink), settings)) {
      Predictor<Double, Double> predictor =
          log.around("m", Predictor.of((Double row) -> (double) nanos.addAndGet(1_500)));
      predictor.predict(1.0);
      predictor.predict(1.0); // 0.5 is not below the rate
    }
    assertThat(sink.records()).hasSize(1);
    assertThat(sink.records().get(0)).containsEntry("time", "2026-01-02T12:00:00.250Z");
    assertThat(Json.map(Json.map(sink.records().get(0), "data"), "parameters"))
        .containsEntry("latency_ns", 1_500L);
  }

  @Test
  void builder_whatCannotBe_isRefused() {
    assertThatThrownBy(() -> Sampling.rate(1.01)).hasMessageContaining("1.01");
    assertThatThrownBy(() -> Sampling.rate(Double.NaN)).hasMessageContaining("NaN");
    assertThatThrownBy(() -> Sampling.reservoir(0, Duration.ofSeconds(1)))
        .hasMessageContaining("calls");
    assertThatThrownBy(() -> Sampling.reservoir(1, Duration.ZERO)).hasMessageContaining("interval");
    assertThatThrownBy(
            () ->
                RequestLog.to(sink)
                    .sampling(Sampling.reservoir(5, Duration.ofSeconds(1)))
                    .queue(4)
                    .start())
        .hasMessageContaining("5");
  }

  /** Whose submit gives that future. */
  private static final class Submitting extends Stub<Flower, Species> {
    private final CompletableFuture<Prediction<Species>> future;

    Submitting(CompletableFuture<Prediction<Species>> future) {
      this.future = future;
    }

    @Override
    public CompletableFuture<Prediction<Species>> submit(Flower row, CallOptions options) {
      return future;
    }
  }

  private static final class Arrays extends Stub<Double, double[]> {
    private final CompletableFuture<Prediction<double[]>> future;

    Arrays(CompletableFuture<Prediction<double[]>> future) {
      this.future = future;
    }

    @Override
    public CompletableFuture<Prediction<double[]>> submit(Double row, CallOptions options) {
      return future;
    }
  }
}
