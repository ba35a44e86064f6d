package dev.inflight;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

/** What the tests of the batcher have in common. */
final class EngineFixture {
  private EngineFixture() {}

  /** A slot whose batches are as {@code batching} says. */
  static ModelSlot<String, String> slot(ManualLanes lanes, ScriptedModel model, Batching batching) {
    return ModelSlot.of(model, lanes.lanes(), batching);
  }

  static ModelSlot<String, String> slot(ManualLanes lanes, ScriptedModel model) {
    return slot(lanes, model, Batching.auto());
  }

  /** The slot has seen runs of one and of sixteen rows that took {@code fixed + b * row}. */
  static void teach(ModelSlot<?, ?> slot, long fixed, long row) {
    BatchingRule rule = slot.line().rule();
    RunCost cost = slot.peek().cost();
    for (int i = 0; i < 8; i++) {
      rule.observe(cost, 1, fixed + row, slot.line().nanos());
      rule.observe(cost, 16, fixed + 16 * row, slot.line().nanos());
    }
  }

  static CallOptions low() {
    return CallOptions.defaults().withPriority(Priority.LOW);
  }

  static CallOptions millis(long timeout) {
    return CallOptions.timeout(Duration.ofMillis(timeout));
  }

  /** The answer, which is there. */
  static String now(CompletableFuture<Prediction<String>> future) {
    return future.getNow(null).value();
  }
}
