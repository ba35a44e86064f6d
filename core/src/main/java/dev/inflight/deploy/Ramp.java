package dev.inflight.deploy;

import dev.inflight.CallOptions;
import dev.inflight.InferenceException;
import dev.inflight.ModelUnavailableException;
import dev.inflight.Prediction;
import dev.inflight.Predictor;
import dev.inflight.Resident;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ThreadLocalRandom;
import org.jspecify.annotations.Nullable;

/**
 * Which calls see the candidate before it is promoted, and what they get when it is withdrawn
 * meanwhile: what serves answers them.
 */
final class Ramp<I, O> {
  private final Resident<I, O> candidate;
  private final Rollout.Canary rollout;

  Ramp(Resident<I, O> candidate, Rollout.Canary rollout) {
    this.candidate = candidate;
    this.rollout = rollout;
  }

  /** The same key sees the same version while a step lasts, across restarts too. */
  boolean shows(CallOptions options, Duration elapsed) {
    double share = rollout.share(elapsed);
    if (share == 0) {
      return false;
    }
    double place =
        options
            .key()
            .map(key -> place(key, candidate.info().digest()))
            .orElseGet(() -> ThreadLocalRandom.current().nextDouble());
    return place < share;
  }

  /** Where a key stands between 0 and 1; another candidate shuffles anew. FNV-1a, then a mixer. */
  static double place(String key, String salt) {
    long hash = 0xcbf29ce484222325L;
    String text = salt + '/' + key;
    for (int i = 0; i < text.length(); i++) {
      hash = (hash ^ text.charAt(i)) * 0x100000001b3L;
    }
    hash = (hash ^ (hash >>> 33)) * 0xff51afd7ed558ccdL;
    hash ^= hash >>> 33;
    return (hash >>> 11) * 0x1.0p-53;
  }

  /** From the candidate, or from what serves if there is no candidate any more. */
  Prediction<O> call(I row, CallOptions options, Predictor<I, O> serving) {
    try {
      return candidate.predictor().call(row, options);
    } catch (ModelUnavailableException e) {
      return serving.call(row, options); // it has just been withdrawn
    }
  }

  /** As {@link #call}; cancelling takes the row out of the queue it is in. */
  CompletableFuture<Prediction<O>> submit(I row, CallOptions options, Predictor<I, O> serving) {
    CompletableFuture<Prediction<O>> future = new CompletableFuture<>();
    relay(
        candidate.predictor().submit(row, options),
        future,
        () -> relay(serving.submit(row, options), future, null));
    return future;
  }

  private static <O> void relay(
      CompletableFuture<Prediction<O>> from,
      CompletableFuture<Prediction<O>> to,
      @Nullable Runnable withdrawn) {
    var unused =
        from.whenComplete(
            (answer, failure) -> {
              if (answer != null) {
                to.complete(answer);
              } else if (withdrawn != null && failure instanceof ModelUnavailableException) {
                try {
                  withdrawn.run();
                } catch (InferenceException e) {
                  to.completeExceptionally(e);
                }
              } else if (failure != null) {
                to.completeExceptionally(failure);
              }
            });
    var unusedToo =
        to.whenComplete(
            (answer, failure) -> {
              if (to.isCancelled()) {
                from.cancel(false);
              }
            });
  }
}
