package dev.inflight.fetch;

import java.io.IOException;
import java.net.http.HttpResponse.BodySubscriber;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Flow;
import org.jspecify.annotations.Nullable;

/**
 * Writes an answer to a file piece by piece: the next is asked for when the last is written, so no
 * more than a piece is ever in memory.
 */
final class FileBody implements BodySubscriber<String> {
  private final Arrival arrival;
  private final CompletableFuture<String> done = new CompletableFuture<>();
  private Flow.@Nullable Subscription subscription;
  private volatile @Nullable Throwable failure;
  private boolean detached;

  FileBody(Arrival arrival) {
    this.arrival = arrival;
  }

  /** Takes nothing, for that reason. */
  void refuse(Throwable why) {
    failure = why;
  }

  /** The answer begins at the first byte again. */
  void restart() {
    try {
      arrival.restart();
    } catch (IOException | RuntimeException e) {
      failure = e;
    }
  }

  /** Writes nothing any more. */
  synchronized void detach() {
    detached = true;
  }

  void requireWritten() throws IOException {
    Throwable why = failure;
    if (why instanceof IOException e) {
      throw e;
    }
    if (why instanceof RuntimeException e) {
      throw e;
    }
  }

  @Override
  public CompletionStage<String> getBody() {
    return done;
  }

  @Override
  public void onSubscribe(Flow.Subscription subscription) {
    this.subscription = subscription;
    if (failure != null) {
      stop(subscription);
    } else {
      subscription.request(1);
    }
  }

  @Override
  public synchronized void onNext(List<ByteBuffer> pieces) {
    Flow.Subscription current = subscription;
    if (current == null || detached || done.isDone()) {
      return;
    }
    try {
      for (ByteBuffer piece : pieces) {
        arrival.accept(piece);
      }
      current.request(1);
    } catch (IOException | RuntimeException e) {
      failure = e;
      stop(current);
    }
  }

  private void stop(Flow.Subscription current) {
    current.cancel();
    done.complete("");
  }

  @Override
  public void onError(Throwable why) {
    done.completeExceptionally(why);
  }

  @Override
  public void onComplete() {
    done.complete("");
  }
}
