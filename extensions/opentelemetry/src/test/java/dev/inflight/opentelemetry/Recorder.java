package dev.inflight.opentelemetry;

import static org.assertj.core.api.Assertions.assertThat;

import io.opentelemetry.api.trace.Tracer;
import io.opentelemetry.sdk.OpenTelemetrySdk;
import io.opentelemetry.sdk.testing.exporter.InMemorySpanExporter;
import io.opentelemetry.sdk.trace.SdkTracerProvider;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.export.SimpleSpanProcessor;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;

/** An SDK that keeps its spans. */
final class Recorder implements AutoCloseable {
  private final InMemorySpanExporter exporter = InMemorySpanExporter.create();
  private final OpenTelemetrySdk sdk;

  Recorder(Sampler sampler) {
    sdk =
        OpenTelemetrySdk.builder()
            .setTracerProvider(
                SdkTracerProvider.builder()
                    .setSampler(sampler)
                    .addSpanProcessor(SimpleSpanProcessor.create(exporter))
                    .build())
            .build();
  }

  OpenTelemetrySdk sdk() {
    return sdk;
  }

  /** The application's own. */
  Tracer application() {
    return sdk.getTracer("application");
  }

  List<SpanData> spans() {
    return exporter.getFinishedSpanItems();
  }

  List<SpanData> spans(String name) {
    return spans().stream().filter(span -> span.getName().equals(name)).toList();
  }

  /** Waits for so many spans of that name. */
  List<SpanData> await(String name, int count) {
    awaitThat(() -> spans(name).size() >= count);
    List<SpanData> found = spans(name);
    assertThat(found).as("spans '%s'", name).hasSize(count);
    return found;
  }

  void awaitThat(BooleanSupplier condition) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.getAsBoolean() && System.nanoTime() < deadline) {
      LockSupport.parkNanos(1_000_000);
    }
    assertThat(condition.getAsBoolean()).as("came true; spans: %s", spans()).isTrue();
  }

  SpanData await(String name) {
    return await(name, 1).get(0);
  }

  @Override
  public void close() {
    sdk.close();
  }
}
