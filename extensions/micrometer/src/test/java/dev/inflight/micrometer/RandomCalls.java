package dev.inflight.micrometer;

import dev.inflight.CallOptions;
import dev.inflight.InferenceException;
import dev.inflight.Predictor;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;

/** Calls of all sorts that end in all ways. */
final class RandomCalls {
  private final Predictor<Long, Long> predictor;
  private final Random random;

  RandomCalls(Predictor<Long, Long> predictor, long seed) {
    this.predictor = predictor;
    random = new Random(seed);
  }

  private long row() {
    int dice = random.nextInt(20);
    return dice == 0 ? -1 : dice == 1 ? NumberModel.FAILS : random.nextInt(10);
  }

  void make(int calls) {
    for (int i = 0; i < calls; i++) {
      try {
        one();
      } catch (InferenceException | CancellationException | CompletionException e) {
        // counted by the slot: that is what is tested
      }
    }
  }

  private void one() {
    switch (random.nextInt(5)) {
      case 0 -> predictor.predict(row(), CallOptions.timeout(Duration.ofSeconds(10)));
      case 1 -> predictor.predict(row(), CallOptions.timeout(Duration.ofNanos(1)));
      case 2 -> {
        CompletableFuture<?> future = predictor.submit(row());
        if (random.nextBoolean()) {
          future.cancel(false);
        }
        future.join();
      }
      case 3 -> predictor.predictAll(List.of(row(), row(), row()));
      default -> predictor.predict(row());
    }
  }
}
