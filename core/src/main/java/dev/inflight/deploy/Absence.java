package dev.inflight.deploy;

import dev.inflight.CallOptions;
import dev.inflight.ModelInfo;
import dev.inflight.ModelUnavailableException;
import dev.inflight.ModelUnavailableException.Reason;
import dev.inflight.repository.Versions;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A version that served and was unloaded, until it or another one serves: its files, and what calls
 * meet meanwhile.
 *
 * <p>Invariant: the files are here while their model is not loaded, and are removed once, unless
 * the model takes them back. Every call that waits ends when an attempt to load does, whatever
 * comes of it. Attempts belong to the deployment's lock; calls come on any thread and never take it
 * but to ask for the load.
 */
final class Absence<I, O> {
  private static final Logger log = LoggerFactory.getLogger(Absence.class);

  private final Track<I, O> track;
  private final Loaded<I, O> before;
  private final Reason reason;
  private final int mostWaiting;
  private final Runnable called;
  private final AtomicInteger waiting = new AtomicInteger();
  private final CompletableFuture<Void> unloaded = new CompletableFuture<>();
  private boolean filesAreGood = true;
  private int failures;
  private volatile Attempt attempt;

  /** One load, from the wish for it to its end. */
  private static final class Attempt {
    final CompletableFuture<ModelInfo> end = new CompletableFuture<>();
    final String why;
    volatile boolean asked;

    Attempt(String why) {
      this.why = why;
    }
  }

  /**
   * @param before what was loaded; its model leaves its files
   * @param why for callers and operators
   * @param mostWaiting calls at once; more are refused as if they had no timeout
   * @param called asks for the load, at once or when it is time; does not block
   */
  Absence(
      Track<I, O> track,
      Loaded<I, O> before,
      Reason reason,
      String why,
      int mostWaiting,
      Runnable called) {
    this.track = track;
    this.before = before;
    this.reason = reason;
    this.mostWaiting = mostWaiting;
    this.called = called;
    attempt = new Attempt(why);
    before.model().leaveFiles(true);
  }

  Track<I, O> track() {
    return track;
  }

  ModelInfo info() {
    return before.resident().info();
  }

  Versions.Entry entry() {
    return track.entry();
  }

  /** {@return what was loaded, to load its files again; empty if they are of no use any more} */
  Optional<Loaded<I, O>> files() {
    return filesAreGood ? Optional.of(before) : Optional.empty();
  }

  /** Whether it is to be loaded without another call. */
  boolean isWanted() {
    return reason == Reason.SWAPPING || attempt.asked;
  }

  /** Completes when something serves again; fails when an attempt does. */
  CompletableFuture<ModelInfo> end() {
    return attempt.end;
  }

  // --- calls -----------------------------------------------------------------------------------

  /** Whether it is the cause, for a call that may ask for one version. */
  boolean concerns(CallOptions options) {
    return options.version().isEmpty() || options.version().get().equals(track.version());
  }

  /** Asks for the load: {@return what the call throws} */
  ModelUnavailableException refusal() {
    Attempt now = attempt;
    if (!now.asked) {
      now.asked = true; // twice does no harm
      called.run();
    }
    return new ModelUnavailableException(
        reason, info().label() + ": expected a live version, it is unloaded: " + now.why);
  }

  /**
   * Asks for the load and waits, on the caller's thread, for as long as the call may: {@return the
   * options with what is left of its timeout}
   *
   * @throws ModelUnavailableException at once without a timeout; else if nothing serves in time
   */
  CallOptions await(CallOptions options) {
    long begin = System.nanoTime();
    CompletableFuture<ModelInfo> end = attempt.end; // before it is asked for: it may fail at once
    ModelUnavailableException refusal = refusal();
    Optional<Duration> timeout = options.timeout();
    if (timeout.isEmpty()) {
      throw refusal;
    }
    if (waiting.incrementAndGet() > mostWaiting) {
      waiting.decrementAndGet();
      throw refusal;
    }
    try {
      var unused = end.get(TimeUnit.NANOSECONDS.convert(timeout.get()), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw refusal;
    } catch (ExecutionException | CancellationException e) { // the latter if it was closed
      refusal.addSuppressed(e);
      throw refusal;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CancellationException(
          "call to " + info().label() + ": interrupted while it waited for the model");
    } finally {
      waiting.decrementAndGet();
    }
    Duration left = timeout.get().minusNanos(System.nanoTime() - begin);
    if (left.isNegative() || left.isZero()) {
      throw refusal;
    }
    return options.withTimeout(left);
  }

  // --- attempts --------------------------------------------------------------------------------

  /**
   * An attempt has failed; calls that wait end.
   *
   * @param filesAreBad whether the kept files are to blame: then the repository is asked again
   * @return how many have failed
   */
  int failed(Throwable why, boolean filesAreBad) {
    filesAreGood &= !filesAreBad;
    Attempt over = attempt;
    attempt = new Attempt("loading it failed: " + why.getMessage());
    end(over, null, why);
    return ++failures;
  }

  /** Another version serves, or none will. */
  void over(@Nullable ModelInfo live, @Nullable Throwable why) {
    end(attempt, live, why);
  }

  /** Who waits goes on elsewhere: this is under the lock. */
  private static void end(Attempt over, @Nullable ModelInfo live, @Nullable Throwable why) {
    Clockwork.blocking()
        .execute(
            () -> {
              if (live != null) {
                over.end.complete(live);
              } else {
                over.end.completeExceptionally(why == null ? new CancellationException() : why);
              }
            });
  }

  /** The model that was loaded from the files is theirs again. */
  boolean giveFilesTo(Loaded<I, O> next) {
    boolean same = next.directory().equals(before.directory());
    if (same) {
      next.model().leaveFiles(false);
    }
    return same;
  }

  /** Once nothing has them open. */
  void removeFiles(Executor executor) {
    var unused = unloaded.thenRunAsync(this::delete, executor);
  }

  private void delete() {
    try {
      StagedModel.delete(before.directory());
    } catch (UncheckedIOException e) {
      log.warn("{}: files of an unloaded version are left in staging", info().label(), e);
    }
  }

  /** Closes the model, on the reaper, after its last run. */
  void unload(@Nullable Throwable ofRunners) {
    Throwable failure = ofRunners;
    try {
      before.model().close();
    } catch (RuntimeException | Error e) {
      failure = e;
    } finally {
      before.memory().close();
      unloaded.complete(null);
    }
    if (failure != null) {
      log.warn("{} did not close cleanly", info().label(), failure);
    }
  }
}
