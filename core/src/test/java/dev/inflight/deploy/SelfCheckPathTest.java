package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.CallOptions;
import dev.inflight.Lanes;
import dev.inflight.ModelInfo;
import dev.inflight.ModelSlot;
import dev.inflight.Prediction;
import dev.inflight.PredictionFailedException;
import dev.inflight.Resident;
import dev.inflight.deploy.CanaryOptions.Signal;
import dev.inflight.deploy.CanaryReport.Verdict;
import dev.inflight.tensor.Signature;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The path of pairs, with the live version beside a copy of itself. */
@Timeout(60)
class SelfCheckPathTest {
  private static final int WINDOWS = 10;
  private static final CanaryOptions OPTIONS =
      CanaryOptions.defaults().with(Signal.DISAGREEMENT, .001).withSampleShare(1);

  private final ScriptedLoader loader = new ScriptedLoader();

  private Resident<Long, Object> admit(ModelSlot<Long, Object> slot, String version) {
    ModelInfo info =
        new ModelInfo("m", version, "s", new Signature(List.of(), List.of()), version, Map.of());
    return slot.admit(loader.model(info, "seed=1 errors=.01 wrong=.05 micros=5"));
  }

  @Test
  void path_liveBesideItsCopy_isFair() throws Exception {
    SelfCheck check = new SelfCheck(OPTIONS, System::nanoTime);
    Panel panel = check.panel();
    Epochs epochs = new Epochs(panel.width(), 16, Twins.PATIENCE.toNanos() * 2, System::nanoTime);
    AtomicBoolean faulty = new AtomicBoolean();
    Semaphore room = new Semaphore(100);
    AtomicLong windows = new AtomicLong();
    long row = 0;
    try (Lanes lanes = Lanes.of(2);
        ModelSlot<Long, Object> slot = ModelSlot.empty("m", lanes)) {
      Resident<Long, Object> live = admit(slot, "1");
      Resident<Long, Object> copy = admit(slot, "2");
      slot.serve(live);
      Twins<Long, Object> twins =
          new Twins<>(
              live,
              copy,
              Tolerance.exact(),
              (seen, pair, other) -> {
                room.release();
                epochs.finish(
                    seen.ticket(),
                    pair == null
                        ? Epochs.Finding.DROPPED
                        : counters ->
                            panel.count(
                                seen.ticket() < Panel.WARMUP_PAIRS ? pair.untimed() : pair,
                                counters));
                epochs.collect(
                    (epoch, counts) -> {
                      faulty.set(check.add(counts) == Verdict.HOLD);
                      windows.set(check.windows());
                    });
              },
              e -> {});
      while (windows.get() < WINDOWS && row < 50_000_000) {
        row++;
        room.acquire();
        long ticket = epochs.start();
        Object answer = null;
        try {
          Prediction<Object> seen = slot.predictor().call(row, CallOptions.defaults());
          answer = seen.value();
        } catch (PredictionFailedException e) {
          // counts as the live version's
        }
        assertThat(twins.offer(new Twins.Seen<>(ticket, row, answer, false, row, Long.MAX_VALUE)))
            .isTrue();
      }
      twins.close();
    }
    System.out.printf("self-check: %d of %d windows fired%n", check.fired(), check.windows());
    assertThat(check.windows()).isGreaterThanOrEqualTo(WINDOWS);
    assertThat(faulty).isFalse();
    assertThat(loader.open).isEmpty();
  }
}
