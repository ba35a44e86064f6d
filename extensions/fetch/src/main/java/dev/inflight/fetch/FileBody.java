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
 * Writes an answer to a file piece by piece: another one is asked for when one is written, so no
 * more than {@link #AHEAD} are ever in memory.
 */
final class FileBody implements BodySubscriber<String> {
  /** Of at most 16 KiB, as the JDK's client makes them: 1 MiB. */
  private static final int AHEAD = 64;

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
      subscription.request(AHEAD);
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
