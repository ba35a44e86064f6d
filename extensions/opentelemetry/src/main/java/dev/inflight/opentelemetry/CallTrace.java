package dev.inflight.opentelemetry;

import dev.inflight.CallEnd;
import dev.inflight.Prediction;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Context;
import java.util.Locale;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * The span of one recorded call, from its door to its end; goes with the call to the listener as
 * its attachment.
 */
final class CallTrace {
  private final InflightTracing tracing;
  private final Span span;
  private final Context context;
  private final SpanClock.Anchor anchor;
  private final long start;

  private CallTrace(
      InflightTracing tracing, Span span, Context caller, SpanClock.Anchor anchor, long start) {
    this.tracing = tracing;
    this.span = span;
    this.anchor = anchor;
    this.start = start;
    context = caller.with(span);
  }

  /** Of a call that begins now; null if it is not to be recorded, and then it costs little. */
  static @Nullable CallTrace begin(
      InflightTracing tracing, Context caller, String name, String model) {
    if (!tracing.tracer().isEnabled()) {
      return null;
    }
    long start = tracing.clock().nanos();
    SpanClock.Anchor anchor = tracing.clock().anchor(start);
    Span span =
        tracing
            .tracer()
            .spanBuilder(name)
            .setParent(caller)
            .setStartTimestamp(anchor.epoch(start), TimeUnit.NANOSECONDS)
            .startSpan();
    if (!span.isRecording()) {
      return null;
    }
    span.setAttribute(Names.MODEL, model); // not before: the name tells a sampler as much
    return new CallTrace(tracing, span, caller, anchor, start);
  }

  boolean isOf(InflightTracing other) {
    return tracing == other;
  }

  Span span() {
    return span;
  }

  /** The caller's, with the span in it. */
  Context context() {
    return context;
  }

  /** When it began, as {@link System#nanoTime()} says it. */
  long start() {
    return start;
  }

  long epoch(long nanos) {
    return anchor.epoch(nanos);
  }

  void completed(Prediction<?> prediction) {
    span.setAttribute(Names.VERSION, prediction.model().version());
    span.setAttribute(Names.CALL, prediction.id());
    completed();
  }

  void completed() {
    span.setAttribute(Names.END, name(CallEnd.COMPLETED));
    end();
  }

  /** Says what kind of failure it was; a message may quote a row, so none is kept. */
  void failed(Throwable failure) {
    String end = name(CallEnd.of(failure));
    span.setAttribute(Names.END, end);
    span.setAttribute(Names.ERROR, failure.getClass().getName());
    Throwable cause = failure.getCause();
    if (cause != null) {
      span.setAttribute(Names.CAUSE, cause.getClass().getName());
    }
    span.setStatus(StatusCode.ERROR, end);
    end();
  }

  private void end() {
    span.end(epoch(tracing.clock().nanos()), TimeUnit.NANOSECONDS);
  }

  /** As attribute values are written. */
  static String name(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }
}
