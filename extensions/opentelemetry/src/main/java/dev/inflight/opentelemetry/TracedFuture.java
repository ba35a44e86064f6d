package dev.inflight.opentelemetry;

import dev.inflight.Prediction;
import io.opentelemetry.context.Context;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * Ends as the call does, with the caller's context current. Cancelling it cancels the call, and it
 * is cancelled only if the call is.
 */
final class TracedFuture<O> extends CompletableFuture<Prediction<O>> {
  private final CompletableFuture<Prediction<O>> call;
  private final Context caller;
  private final @Nullable CallTrace trace;

  private TracedFuture(
      CompletableFuture<Prediction<O>> call, Context caller, @Nullable CallTrace trace) {
    this.call = call;
    this.caller = caller;
    this.trace = trace;
  }

  static <O> CompletableFuture<Prediction<O>> of(
      CompletableFuture<Prediction<O>> call, Context caller, @Nullable CallTrace trace) {
    TracedFuture<O> traced = new TracedFuture<>(call, caller, trace);
    var unused = call.whenComplete(traced::finish);
    return traced;
  }

  private void finish(@Nullable Prediction<O> prediction, @Nullable Throwable failure) {
    if (prediction != null) {
      if (trace != null) {
        trace.completed(prediction);
      }
      caller.<Prediction<O>>wrapConsumer(this::complete).accept(prediction);
    } else if (failure != null) {
      Throwable why =
          failure instanceof CompletionException && failure.getCause() != null
              ? failure.getCause()
              : failure;
      if (trace != null) {
        trace.failed(why);
      }
      caller.<Throwable>wrapConsumer(this::completeExceptionally).accept(why);
    }
  }

  @Override
  public boolean cancel(boolean mayInterruptIfRunning) {
    return call.cancel(mayInterruptIfRunning) || isCancelled();
  }
}
