package dev.inflight.opentelemetry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.Batching;
import dev.inflight.CallOptions;
import dev.inflight.DeadlineExceededException;
import dev.inflight.InferenceListener;
import dev.inflight.InferenceRun;
import dev.inflight.InvalidInputException;
import dev.inflight.Lanes;
import dev.inflight.ModelSlot;
import dev.inflight.ModelUnavailableException;
import dev.inflight.OverloadedException;
import dev.inflight.Prediction;
import dev.inflight.PredictionFailedException;
import dev.inflight.Predictor;
import io.opentelemetry.api.OpenTelemetry;
import io.opentelemetry.api.trace.Span;
import io.opentelemetry.api.trace.SpanKind;
import io.opentelemetry.api.trace.StatusCode;
import io.opentelemetry.context.Context;
import io.opentelemetry.context.ContextKey;
import io.opentelemetry.context.Scope;
import io.opentelemetry.sdk.trace.data.LinkData;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

@SuppressWarnings("try") // a scope is there to be closed
class TracedCallTest {
  private static final ContextKey<String> TENANT = ContextKey.named("tenant");

  private final Hold hold = new Hold();
  private final Lanes lanes = Lanes.of(1);
  private final Recorder recorder = new Recorder(Sampler.parentBased(Sampler.alwaysOn()));
  private final InflightTracing tracing = InflightTracing.create(recorder.sdk());
  private final ModelSlot<Double, Double> slot = slot(Batching.auto());
  private final Predictor<Double, Double> predictor = tracing.around("numbers", slot.predictor());

  private ModelSlot<Double, Double> slot(Batching batching) {
    ModelSlot<Double, Double> made = ModelSlot.of(new Arithmetic("1", hold), lanes, batching);
    made.listen(tracing.listener());
    return made;
  }

  @AfterEach
  void close() {
    hold.letGo();
    slot.close();
    lanes.close();
    recorder.close();
  }

  private Span parent() {
    return recorder.application().spanBuilder("request").startSpan();
  }

  private CompletableFuture<Prediction<Double>> occupyLane() {
    CompletableFuture<Prediction<Double>> held = slot.predictor().submit(Hold.HELD);
    hold.awaitInside();
    return held;
  }

  @Test
  void call_direct_hasItsStagesBelowIt() {
    Span parent = parent();
    Prediction<Double> answer;
    try (Scope scope = parent.makeCurrent()) {
      answer = predictor.call(4.0, CallOptions.defaults());
    }
    assertThat(answer.value()).isEqualTo(8.0);
    SpanData call = recorder.await("predict numbers");
    SpanData decode = recorder.await("decode");
    SpanData run = recorder.await("run");
    SpanData encode = recorder.await("encode");

    assertThat(call.getParentSpanId()).isEqualTo(parent.getSpanContext().getSpanId());
    assertThat(call.getKind()).isEqualTo(SpanKind.INTERNAL);
    assertThat(call.getStatus().getStatusCode()).isEqualTo(StatusCode.UNSET);
    assertThat(call.getAttributes().get(Names.MODEL)).isEqualTo("numbers");
    assertThat(call.getAttributes().get(Names.VERSION)).isEqualTo("1");
    assertThat(call.getAttributes().get(Names.CALL)).isEqualTo(answer.id());
    assertThat(call.getAttributes().get(Names.END)).isEqualTo("completed");
    assertThat(call.getAttributes().size()).isEqualTo(4);

    assertThat(List.of(encode, run, decode))
        .allMatch(stage -> stage.getParentSpanId().equals(call.getSpanId()))
        .allMatch(stage -> stage.getTraceId().equals(call.getTraceId()))
        .allMatch(stage -> isWithin(stage, call));
    assertThat(encode.getEndEpochNanos()).isEqualTo(run.getStartEpochNanos());
    assertThat(run.getEndEpochNanos()).isEqualTo(decode.getStartEpochNanos());
    assertThat(run.getAttributes().get(Names.RELEASE)).isEqualTo("caller");
    assertThat(run.getAttributes().get(Names.LANE)).isEqualTo(0);
    assertThat(recorder.spans("queue")).isEmpty();
    assertThat(recorder.spans("batch numbers")).isEmpty();
    long now = System.currentTimeMillis();
    assertThat(TimeUnit.NANOSECONDS.toMillis(call.getStartEpochNanos()))
        .isBetween(now - 60_000, now + 1_000);
  }

  private static boolean isWithin(SpanData inner, SpanData outer) {
    return inner.getStartEpochNanos() >= outer.getStartEpochNanos()
        && inner.getStartEpochNanos() <= inner.getEndEpochNanos()
        && inner.getEndEpochNanos() <= outer.getEndEpochNanos();
  }

  @Test
  void submit_rowsThatShareARun_areLinkedFromItsSpan() {
    CompletableFuture<Prediction<Double>> held = occupyLane();
    List<CompletableFuture<Prediction<Double>>> futures = new ArrayList<>();
    for (double row = 1; row <= 3; row++) {
      futures.add(predictor.submit(row));
    }
    futures.add(slot.predictor().submit(4.0)); // shares the run, is not traced
    hold.letGo();
    held.join();
    futures.forEach(CompletableFuture::join);

    List<SpanData> calls = recorder.await("predict numbers", 3);
    SpanData batch = recorder.await("batch numbers");
    List<SpanData> runs = recorder.await("run", 3);
    List<SpanData> queues = recorder.await("queue", 3);
    recorder.await("decode", 3);
    assertThat(batch.getLinks())
        .extracting(link -> link.getSpanContext().getSpanId())
        .containsExactlyInAnyOrderElementsOf(calls.stream().map(SpanData::getSpanId).toList());
    assertThat(batch.getAttributes().get(Names.ROWS)).isEqualTo(4);
    assertThat(batch.getAttributes().get(Names.ANSWERED)).isEqualTo(4);
    assertThat(batch.getAttributes().get(Names.VERSION)).isEqualTo("1");
    assertThat(batch.getAttributes().get(Names.RELEASE)).isEqualTo("lane");
    assertThat(batch.getAttributes().get(Names.LANE)).isEqualTo(0);
    assertThat(runs)
        .allMatch(run -> linked(run).equals(List.of(batch.getSpanId())))
        .allMatch(run -> isWithin(run, batch));
    for (SpanData call : calls) {
      assertThat(call.getParentSpanContext().isValid()).isFalse();
      SpanData queue =
          queues.stream()
              .filter(span -> span.getParentSpanId().equals(call.getSpanId()))
              .findFirst()
              .orElseThrow();
      assertThat(queue.getStartEpochNanos()).isEqualTo(call.getStartEpochNanos());
      assertThat(isWithin(queue, call)).isTrue();
    }
  }

  private static List<String> linked(SpanData span) {
    return span.getLinks().stream()
        .map(LinkData::getSpanContext)
        .map(context -> context.getSpanId())
        .toList();
  }

  @Test
  void submit_someSampled_batchIsKeptAndLinksThose() {
    try (Recorder choosy = new Recorder(Sampler.parentBased(Sampler.alwaysOff()))) {
      InflightTracing other = InflightTracing.create(choosy.sdk());
      slot.listen(other.listener());
      Predictor<Double, Double> traced = other.around("numbers", slot.predictor());
      Span sampled = parent(); // by the other SDK, as if it came from another process
      CompletableFuture<Prediction<Double>> held = occupyLane();
      var unsampled = traced.submit(1.0);
      CompletableFuture<Prediction<Double>> second;
      try (Scope scope = sampled.makeCurrent()) {
        second = traced.submit(2.0);
      }
      hold.letGo();
      CompletableFuture.allOf(held, unsampled, second).join();
      SpanData batch = choosy.await("batch numbers");
      assertThat(batch.getAttributes().get(Names.ROWS)).isEqualTo(2);
      assertThat(linked(batch)).containsExactly(choosy.await("predict numbers").getSpanId());
    }
  }

  @Test
  void submit_continuation_runsInTheCallersContext() {
    Span parent = parent();
    AtomicReference<String> tenant = new AtomicReference<>();
    AtomicReference<Thread> thread = new AtomicReference<>();
    CompletableFuture<Prediction<Double>> held = occupyLane();
    CompletableFuture<Void> after;
    try (Scope scope = Context.current().with(parent).with(TENANT, "t1").makeCurrent()) {
      after =
          predictor
              .submit(1.0)
              .thenAccept(
                  answer -> {
                    thread.set(Thread.currentThread());
                    tenant.set(Context.current().get(TENANT));
                    recorder.application().spanBuilder("store").startSpan().end();
                  });
    }
    hold.letGo();
    CompletableFuture.allOf(held, after).join();
    assertThat(thread.get()).isNotSameAs(Thread.currentThread());
    assertThat(tenant.get()).isEqualTo("t1");
    assertThat(recorder.await("store").getParentSpanId())
        .isEqualTo(parent.getSpanContext().getSpanId());
  }

  @Test
  void submit_unsampledContinuation_runsInTheCallersContext() {
    try (Recorder off = new Recorder(Sampler.alwaysOff())) {
      Predictor<Double, Double> traced =
          InflightTracing.create(off.sdk()).around("numbers", slot.predictor());
      AtomicReference<String> tenant = new AtomicReference<>();
      CompletableFuture<Prediction<Double>> held = occupyLane();
      CompletableFuture<Void> after;
      try (Scope scope = Context.current().with(TENANT, "t2").makeCurrent()) {
        after = traced.submit(1.0).thenAccept(answer -> tenant.set(Context.current().get(TENANT)));
      }
      hold.letGo();
      CompletableFuture.allOf(held, after).join();
      assertThat(tenant.get()).isEqualTo("t2");
      assertThat(off.spans()).isEmpty();
    }
  }

  @Test
  void call_modelFails_saysWhichKindAndNoMessage() {
    assertThatThrownBy(() -> predictor.predict(Hold.GUILTY))
        .isInstanceOf(PredictionFailedException.class);
    CompletableFuture<Prediction<Double>> future = predictor.submit(Hold.GUILTY);
    assertThatThrownBy(future::join).hasCauseInstanceOf(PredictionFailedException.class);
    List<SpanData> calls = recorder.await("predict numbers", 2);
    SpanData batch = recorder.await("batch numbers");
    assertThat(batch.getAttributes().get(Names.ANSWERED)).isEqualTo(0);
    for (SpanData call : calls) {
      assertEnded(call, "failed", PredictionFailedException.class);
      assertThat(call.getAttributes().get(Names.CAUSE))
          .isEqualTo(ArithmeticException.class.getName());
    }
    assertThat(recorder.spans())
        .allMatch(span -> !span.toString().contains(Hold.SECRET))
        .allMatch(span -> !span.toString().contains("1313"));
  }

  private static void assertEnded(SpanData call, String end, Class<?> failure) {
    assertThat(call.getAttributes().get(Names.END)).isEqualTo(end);
    assertThat(call.getAttributes().get(Names.ERROR)).isEqualTo(failure.getName());
    assertThat(call.getStatus().getStatusCode()).isEqualTo(StatusCode.ERROR);
    assertThat(call.getStatus().getDescription()).isEqualTo(end);
    assertThat(call.getEvents()).isEmpty();
    assertThat(call.getAttributes().get(Names.CALL)).isNull();
  }

  @Test
  void call_neverRuns_endsAsTheCallerSawIt() {
    assertThatThrownBy(() -> predictor.predict(-1.0)).isInstanceOf(InvalidInputException.class);
    assertThatThrownBy(() -> predictor.submit(-1.0)).isInstanceOf(InvalidInputException.class);
    CallOptions absent = CallOptions.defaults().withVersion("9");
    assertThatThrownBy(() -> predictor.predict(1.0, absent))
        .isInstanceOf(ModelUnavailableException.class);
    List<SpanData> calls = recorder.await("predict numbers", 3);
    assertEnded(calls.get(0), "invalid", InvalidInputException.class);
    assertEnded(calls.get(1), "invalid", InvalidInputException.class);
    assertEnded(calls.get(2), "unavailable", ModelUnavailableException.class);
    assertThat(recorder.spans()).hasSize(3);
  }

  @Test
  void call_laneIsBusy_timeOutsCancellationsAndRejectionsAreTold() {
    CompletableFuture<Prediction<Double>> held = occupyLane();
    CallOptions brief = CallOptions.timeout(Duration.ofMillis(20));
    assertThatThrownBy(() -> predictor.predict(1.0, brief))
        .isInstanceOf(DeadlineExceededException.class);
    CompletableFuture<Prediction<Double>> future = predictor.submit(2.0);
    assertThat(future.cancel(true)).isTrue();
    assertThat(future).isCancelled();
    try (ModelSlot<Double, Double> narrow = slot(Batching.auto().withQueue(1, 1_000_000))) {
      Predictor<Double, Double> traced = tracing.around("narrow", narrow.predictor());
      CompletableFuture<Prediction<Double>> waits = traced.submit(3.0);
      assertThatThrownBy(() -> traced.submit(4.0)).isInstanceOf(OverloadedException.class);
      hold.letGo();
      CompletableFuture.allOf(held, waits).join();
      assertEnded(
          recorder.await("predict narrow", 2).get(0), "rejected", OverloadedException.class);
    }
    List<SpanData> calls = recorder.await("predict numbers", 2);
    assertEnded(calls.get(0), "timed_out", DeadlineExceededException.class);
    assertThat(calls.get(1).getAttributes().get(Names.END)).isEqualTo("cancelled");
    assertThat(slot.stats().total().ends().cancelled()).isEqualTo(1);
    assertThat(recorder.spans("run")).hasSizeLessThanOrEqualTo(1); // of the row that waited
  }

  @Test
  void call_acrossASwap_namesTheVersionThatAnswered() {
    predictor.predict(1.0);
    var swapped = slot.swap(new Arithmetic("2", row -> 3 * row));
    assertThat(predictor.predict(1.0)).isEqualTo(3.0);
    swapped.join();
    assertThat(recorder.await("predict numbers", 2))
        .extracting(span -> span.getAttributes().get(Names.VERSION))
        .containsExactly("1", "2");
    assertThat(recorder.await("run", 2))
        .extracting(span -> span.getAttributes().get(Names.VERSION))
        .containsExactly("1", "2");
  }

  @Test
  void call_notRecorded_goesStraightThrough() throws InterruptedException {
    for (OpenTelemetry api :
        List.of(OpenTelemetry.noop(), new Recorder(Sampler.alwaysOff()).sdk())) {
      InflightTracing off = InflightTracing.create(api);
      CountDownLatch told = new CountDownLatch(3);
      List<InferenceRun> runs = new ArrayList<>();
      slot.listen(
          new InferenceListener() {
            @Override
            public void onRun(InferenceRun run) {
              runs.add(run);
              told.countDown();
            }
          });
      Predictor<Double, Double> traced = off.around("numbers", slot.predictor());
      traced.predict(1.0);
      traced.call(1.0, CallOptions.defaults());
      traced.submit(1.0).join();
      assertThat(told.await(20, TimeUnit.SECONDS)).isTrue();
      assertThat(runs).allMatch(run -> run.attachments().isEmpty());
    }
    assertThat(recorder.spans()).isEmpty();
  }

  @Test
  void call_withItsOwnAttachment_keepsIt() throws InterruptedException {
    CountDownLatch told = new CountDownLatch(1);
    List<Object> seen = new ArrayList<>();
    slot.listen(
        new InferenceListener() {
          @Override
          public void onRun(InferenceRun run) {
            seen.addAll(run.attachments());
            told.countDown();
          }
        });
    predictor.predict(1.0, CallOptions.defaults().withAttachment("mine"));
    assertThat(told.await(20, TimeUnit.SECONDS)).isTrue();
    assertThat(seen).containsExactly("mine");
    recorder.await("predict numbers");
    assertThat(recorder.spans()).hasSize(1);
  }

  @Test
  void predictAll_anyNumberOfRows_isOneSpan() {
    assertThat(predictor.predictAll(List.of(1.0, 2.0))).containsExactly(2.0, 4.0);
    predictor.predictAll(
        List.of(1.0, Hold.GUILTY, 2.0).iterator(), CallOptions.defaults(), (index, outcome) -> {});
    assertThatThrownBy(() -> predictor.predictAll(List.of(1.0, -2.0)))
        .isInstanceOf(InvalidInputException.class);
    List<SpanData> calls = recorder.await("predict_all numbers", 3);
    assertThat(calls.get(0).getAttributes().get(Names.BULK_ROWS)).isEqualTo(2);
    assertThat(calls.get(1).getAttributes().get(Names.BULK_ROWS)).isEqualTo(3);
    assertThat(calls.get(1).getAttributes().get(Names.BULK_FAILED)).isEqualTo(1);
    assertThat(calls.get(1).getAttributes().get(Names.VERSION)).isEqualTo("1");
    assertEnded(calls.get(2), "invalid", InvalidInputException.class);
    assertThat(recorder.spans()).hasSize(3);
  }
}
