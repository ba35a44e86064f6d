package dev.inflight.opentelemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.inflight.CallOptions;
import dev.inflight.DeadlineExceededException;
import dev.inflight.Lanes;
import dev.inflight.ModelSlot;
import dev.inflight.Prediction;
import dev.inflight.PredictionFailedException;
import dev.inflight.Predictor;
import io.opentelemetry.exporter.otlp.http.trace.OtlpHttpSpanExporter;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.export.BatchSpanProcessor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** What a collector gets, over the wire. */
class OtlpTest {
  @Test
  void calls_ofEveryKind_reachTheCollector() throws Exception {
    Hold hold = new Hold();
    try (Collector collector = new Collector();
        OpenTelemetrySdk sdk = sdk(collector);
        Lanes lanes = Lanes.of(1);
        ModelSlot<Double, Double> slot = ModelSlot.of(new Arithmetic("1", hold), lanes)) {
      InflightTracing tracing = InflightTracing.create(sdk);
      slot.listen(tracing.listener());
      Predictor<Double, Double> predictor = tracing.around("numbers", slot.predictor());

      Prediction<Double> direct = predictor.call(4.0, CallOptions.defaults());
      CompletableFuture<Prediction<Double>> held = predictor.submit(Hold.HELD);
      hold.awaitInside();
      CallOptions brief = CallOptions.timeout(Duration.ofMillis(20));
      assertThatThrownBy(() -> predictor.predict(9.0, brief))
          .isInstanceOf(DeadlineExceededException.class);
      assertThat(predictor.submit(9.0).cancel(true)).isTrue();
      List<CompletableFuture<Prediction<Double>>> shared = new ArrayList<>();
      for (double row = 1; row <= 5; row++) {
        shared.add(predictor.submit(row));
      }
      var swapped = slot.swap(new Arithmetic("2", hold)); // the rows that wait are answered by it
      hold.letGo();
      held.join();
      shared.forEach(CompletableFuture::join);
      swapped.join();
      assertThatThrownBy(() -> predictor.predict(Hold.GUILTY))
          .isInstanceOf(PredictionFailedException.class);

      awaitSpans(sdk, collector);
      assertCalls(collector, direct);
      assertBatch(collector);
    }
  }

  private static OpenTelemetrySdk sdk(Collector collector) {
    OtlpHttpSpanExporter exporter =
        OtlpHttpSpanExporter.builder().setEndpoint(collector.endpoint()).build();
    return OpenTelemetrySdk.builder()
        .setTracerProvider(
            SdkTracerProvider.builder()
                .addSpanProcessor(BatchSpanProcessor.builder(exporter).build())
                .build())
        .build();
  }

  /** Seven calls have run and have a span for it; the last of them has no run that is told. */
  private static void awaitSpans(OpenTelemetrySdk sdk, Collector collector) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (collector.spans("decode").size() < 7 && System.nanoTime() < deadline) {
      LockSupport.parkNanos(5_000_000);
      sdk.getSdkTracerProvider().forceFlush().join(10, TimeUnit.SECONDS);
    }
    sdk.getSdkTracerProvider().forceFlush().join(10, TimeUnit.SECONDS);
  }

  private static void assertCalls(Collector collector, Prediction<Double> direct) {
    List<Span> calls = collector.spans("predict numbers");
    assertThat(calls)
        .extracting(call -> text(call, "inflight.call.end"))
        .containsExactlyInAnyOrder(
            "completed",
            "completed",
            "timed_out",
            "cancelled",
            "completed",
            "completed",
            "completed",
            "completed",
            "completed",
            "failed");
    Span first = calls.get(0);
    assertThat(attribute(first, "inflight.call.id").getValue().getIntValue())
        .isEqualTo(direct.id());
    assertThat(first.getKind()).isEqualTo(Span.SpanKind.SPAN_KIND_INTERNAL);
    Span failed =
        calls.stream()
            .filter(call -> text(call, "inflight.call.end").equals("failed"))
            .findFirst()
            .orElseThrow();
    assertThat(failed.getStatus().getCode()).isEqualTo(Status.StatusCode.STATUS_CODE_ERROR);
    assertThat(text(failed, "error.type")).isEqualTo(PredictionFailedException.class.getName());
    assertThat(text(failed, "inflight.error.cause")).isEqualTo(ArithmeticException.class.getName());
    assertThat(collector.requests()).allMatch(request -> !request.toString().contains(Hold.SECRET));
    assertThat(
            collector.requests().stream()
                .flatMap(request -> request.getResourceSpansList().stream())
                .flatMap(resource -> resource.getScopeSpansList().stream())
                .map(scope -> scope.getScope().getName()))
        .containsOnly("dev.inflight");
  }

  private static void assertBatch(Collector collector) {
    Span batch =
        collector.spans("batch numbers").stream()
            .filter(span -> span.getLinksCount() == 5)
            .findFirst()
            .orElseThrow();
    Set<ByteString> ids =
        batch.getLinksList().stream().map(Span.Link::getSpanId).collect(Collectors.toSet());
    List<Span> rows =
        collector.spans("predict numbers").stream()
            .filter(call -> ids.contains(call.getSpanId()))
            .toList();
    assertThat(rows)
        .hasSize(5)
        .allMatch(call -> text(call, "inflight.model.version").equals("2"))
        .allMatch(call -> call.getEndTimeUnixNano() >= batch.getEndTimeUnixNano());
    assertThat(attribute(batch, "inflight.batch.rows").getValue().getIntValue()).isEqualTo(5);
    assertThat(text(batch, "inflight.batch.release")).isEqualTo("lane");
    assertThat(ids).contains(batch.getParentSpanId());
    for (String stage : List.of("queue", "encode", "run", "decode")) {
      assertThat(collector.spans(stage))
          .filteredOn(span -> ids.contains(span.getParentSpanId()))
          .as(stage)
          .hasSize(5);
    }
    assertThat(collector.spans("run"))
        .filteredOn(span -> ids.contains(span.getParentSpanId()))
        .allMatch(span -> span.getLinks(0).getSpanId().equals(batch.getSpanId()));
  }

  private static KeyValue attribute(Span span, String key) {
    return span.getAttributesList().stream()
        .filter(attribute -> attribute.getKey().equals(key))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no " + key + " in " + span));
  }

  private static String text(Span span, String key) {
    return attribute(span, key).getValue().getStringValue();
  }
}
