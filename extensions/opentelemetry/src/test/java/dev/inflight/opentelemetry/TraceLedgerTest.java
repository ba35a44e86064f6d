package dev.inflight.opentelemetry;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.CallOptions;
import dev.inflight.InferenceException;
import dev.inflight.Lanes;
import dev.inflight.ModelSlot;
import dev.inflight.Prediction;
import dev.inflight.Predictor;
import io.opentelemetry.sdk.trace.data.SpanData;
import io.opentelemetry.sdk.trace.samplers.Sampler;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

class TraceLedgerTest {
  private static final int THREADS = 4;
  private static final int CALLS = 150;

  @Test
  void randomCalls_whileVersionsSwap_eachHasOneSpanThatAgreesWithTheStatistics() throws Exception {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    try (Recorder recorder = new Recorder(Sampler.alwaysOn());
        Lanes lanes = Lanes.of(2);
        ModelSlot<Double, Double> slot = ModelSlot.of(new Arithmetic("1", new Hold()), lanes)) {
      InflightTracing tracing = InflightTracing.create(recorder.sdk());
      slot.listen(tracing.listener());
      Predictor<Double, Double> predictor = tracing.around("numbers", slot.predictor());
      List<Thread> threads = new ArrayList<>();
      for (int t = 0; t < THREADS; t++) {
        Random random = new Random(seed + t);
        threads.add(new Thread(() -> calls(predictor, random)));
      }
      threads.forEach(Thread::start);
      for (int version = 2; version <= 5; version++) {
        slot.swap(new Arithmetic(Integer.toString(version), new Hold())).join();
      }
      for (Thread thread : threads) {
        thread.join();
      }
      List<SpanData> calls = recorder.await("predict numbers", THREADS * CALLS);
      Map<String, Long> ends = new TreeMap<>();
      calls.forEach(call -> ends.merge(call.getAttributes().get(Names.END), 1L, Long::sum));
      assertThat(slot.stats().total().ends().completed()).isEqualTo(ends.get("completed"));
      assertThat(slot.stats().total().ends().failed()).isEqualTo(ends.getOrDefault("failed", 0L));
      assertThat(slot.stats().total().ends().invalid()).isEqualTo(ends.getOrDefault("invalid", 0L));
      assertThat(slot.stats().total().ends().all()).isEqualTo(THREADS * CALLS);
      assertThat(slot.stats().droppedEvents()).isZero();
      assertThat(slot.stats().listenerFailures()).isZero();
      assertStages(recorder, calls, ends.get("completed"));
    }
  }

  private static void assertStages(Recorder recorder, List<SpanData> calls, long completed) {
    Set<String> completedIds =
        calls.stream()
            .filter(call -> "completed".equals(call.getAttributes().get(Names.END)))
            .map(SpanData::getSpanId)
            .collect(Collectors.toSet());
    recorder.awaitThat(
        () ->
            recorder.spans("run").stream()
                    .filter(run -> completedIds.contains(run.getParentSpanId()))
                    .count()
                == completed);
    Map<String, String> versions = new HashMap<>();
    for (SpanData run : recorder.spans("run")) {
      String before = versions.put(run.getParentSpanId(), run.getAttributes().get(Names.VERSION));
      assertThat(before).as("runs of one call").isNull();
    }
    for (SpanData call : calls) {
      if (completedIds.contains(call.getSpanId())) {
        assertThat(versions.get(call.getSpanId()))
            .isEqualTo(call.getAttributes().get(Names.VERSION));
      }
    }
    Map<String, Integer> linked = new HashMap<>();
    for (SpanData batch : recorder.spans("batch numbers")) {
      batch
          .getLinks()
          .forEach(link -> linked.merge(link.getSpanContext().getSpanId(), 1, Integer::sum));
    }
    assertThat(linked.values()).isNotEmpty().allMatch(times -> times == 1);
    assertThat(versions.keySet()).containsAll(linked.keySet());
  }

  private static void calls(Predictor<Double, Double> predictor, Random random) {
    List<CompletableFuture<Prediction<Double>>> futures = new ArrayList<>();
    for (int i = 0; i < CALLS; i++) {
      double row = random.nextInt(20) == 0 ? Hold.GUILTY : random.nextInt(20) - 1;
      try {
        switch (random.nextInt(3)) {
          case 0 -> predictor.predict(row);
          case 1 -> predictor.predict(row, CallOptions.timeout(Duration.ofNanos(20_000)));
          default -> {
            CompletableFuture<Prediction<Double>> future = predictor.submit(row);
            if (random.nextInt(4) == 0) {
              future.cancel(true);
            }
            futures.add(future);
          }
        }
      } catch (InferenceException e) {
        // as its span says
      }
    }
    for (CompletableFuture<Prediction<Double>> future : futures) {
      try {
        future.join();
      } catch (CancellationException | CompletionException e) {
        // as its span says
      }
    }
  }
}
