package dev.inflight.micrometer;

import dev.inflight.Lanes;
import dev.inflight.ModelSlot;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;

/** Runs without Prometheus' classes; says whether it worked. */
final class WithoutPrometheus {
  private WithoutPrometheus() {}

  public static void main(String... none) {
    SimpleMeterRegistry registry = new SimpleMeterRegistry();
    try (Lanes lanes = Lanes.of(1);
        ModelSlot<Long, Long> slot = ModelSlot.of(new NumberModel("1"), lanes);
        InflightMetrics metrics = InflightMetrics.of(slot)) {
      try {
        Class.forName("io.micrometer.prometheusmetrics.PrometheusMeterRegistry");
        System.out.println("expected no Prometheus");
      } catch (ClassNotFoundException e) {
        slot.predictor().predict(1L);
        metrics.bindTo(registry);
        System.out.println(
            "calls " + registry.get("inflight.call").tag("version", "1").functionTimer().count());
      }
    }
  }
}
