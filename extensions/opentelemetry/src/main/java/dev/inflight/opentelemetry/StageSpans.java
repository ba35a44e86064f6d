package dev.inflight.opentelemetry;

import dev.inflight.InferenceListener;
import dev.inflight.InferenceRun;
import dev.inflight.Release;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanBuilder;
import io.opentelemetry.api.trace.SpanContext;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Makes the spans of what happened inside a run, afterwards, on the listener's thread. A run says
 * how long it encoded and decoded and when it ended, so where it split the batch or ran it in parts
 * the spans show all encoding first and all decoding last.
 */
final class StageSpans implements InferenceListener {
  private final InflightTracing tracing;

  StageSpans(InflightTracing tracing) {
    this.tracing = tracing;
  }

  @Override
  public void onRun(InferenceRun run) {
    if (run.attachments().isEmpty()) {
      return;
    }
    List<CallTrace> calls = new ArrayList<>();
    for (Object attachment : run.attachments()) {
      if (attachment instanceof CallTrace trace && trace.isOf(tracing)) {
        calls.add(trace);
      }
    }
    if (calls.isEmpty()) {
      return;
    }
    // A caller's own run is its call; nothing was shared.
    SpanContext batch =
        run.release() == Release.CALLER ? SpanContext.getInvalid() : batch(run, calls);
    for (CallTrace call : calls) {
      stages(run, call, batch);
    }
  }

  /**
   * A child of the first call: a sampler that goes by the parent, as most do, then keeps it
   * whenever it kept a call.
   */
  private SpanContext batch(InferenceRun run, List<CallTrace> calls) {
    CallTrace first = calls.get(0);
    SpanBuilder builder = builder("batch " + run.model().name(), first);
    describe(builder, run);
    builder
        .setAttribute(Names.ROWS, (long) run.rows())
        .setAttribute(Names.ANSWERED, (long) run.answered());
    for (CallTrace call : calls) {
      builder.addLink(call.span().getSpanContext());
    }
    return between(builder, first, run.endNanos() - run.nanos(), run.endNanos());
  }

  private void stages(InferenceRun run, CallTrace call, SpanContext batch) {
    long end = run.endNanos();
    long begin = end - run.nanos();
    long encoded = begin + run.encodeNanos();
    long decode = end - run.decodeNanos();
    if (run.release() != Release.CALLER) {
      between(builder("queue", call), call, call.start(), begin);
    }
    if (encoded > begin) {
      between(builder("encode", call), call, begin, encoded);
    }
    SpanBuilder running = builder("run", call);
    describe(running, run);
    if (batch.isValid()) {
      running.addLink(batch);
    }
    between(running, call, encoded, decode);
    if (decode < end) {
      between(builder("decode", call), call, decode, end);
    }
  }

  private SpanBuilder builder(String name, CallTrace parent) {
    return tracing.tracer().spanBuilder(name).setParent(parent.context());
  }

  private static void describe(SpanBuilder builder, InferenceRun run) {
    builder
        .setAttribute(Names.MODEL, run.model().name())
        .setAttribute(Names.VERSION, run.model().version())
        .setAttribute(Names.RELEASE, CallTrace.name(run.release()))
        .setAttribute(Names.LANE, (long) run.lane());
  }

  private static SpanContext between(SpanBuilder builder, CallTrace call, long begin, long end) {
    Span span = builder.setStartTimestamp(call.epoch(begin), TimeUnit.NANOSECONDS).startSpan();
    span.end(call.epoch(end), TimeUnit.NANOSECONDS);
    return span.getSpanContext();
  }
}
