package dev.inflight.deploy;

import dev.inflight.CallOptions;
import dev.inflight.DeadlineExceededException;
import dev.inflight.InferenceException;
import dev.inflight.Priority;
import dev.inflight.Resident;
import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs requests that were answered once more, on both versions one after the other, in an order
 * that a coin decides: what they took is comparable, the call that was seen is not. One at a time,
 * with low priority, off every caller's thread.
 *
 * <p>Invariant: while {@code waiting} is not empty one runner works or is about to; after {@code
 * close} none starts a pair.
 */
final class Twins<I, O> implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Twins.class);

  /** A run that takes longer hangs: far above what any caller waits for. */
  static final Duration PATIENCE = Duration.ofSeconds(10);

  /** Backlog from which on no pair starts. */
  private static final int BUSY = 128;

  /** That, and every pair that may have started by then: what has started finds room. */
  private static final int ROOM = 2_048;

  /** Of a request that was not answered. */
  static final long NO_ID = 0;

  private static final CallOptions OPTIONS =
      CallOptions.timeout(PATIENCE).withPriority(Priority.LOW);

  /**
   * A request as its caller saw it.
   *
   * @param answer null if it failed, or came too late
   * @param limitNanos how long the other version may take then
   */
  record Seen<I, O>(
      long ticket, I row, @Nullable O answer, boolean fromCandidate, long id, long limitNanos) {}

  /** Takes what came of a pair: null if it says nothing; and the answer of the other version. */
  @FunctionalInterface
  interface Sink<I, O> {
    void accept(Seen<I, O> seen, @Nullable Pair pair, @Nullable O other);
  }

  /** One run. Without an answer it failed; dropped, it says nothing of the version. */
  private record Run<O>(@Nullable O answer, long nanos, boolean dropped) {}

  private final Resident<I, O> live;
  private final Resident<I, O> candidate;
  private final Tolerance tolerance;
  private final Sink<I, O> sink;
  private final Consumer<DeadlineExceededException> hung;
  private final ArrayBlockingQueue<Seen<I, O>> waiting = new ArrayBlockingQueue<>(ROOM);
  private final AtomicBoolean running = new AtomicBoolean();
  private boolean told; // the one runner's
  private volatile boolean closed;

  Twins(
      Resident<I, O> live,
      Resident<I, O> candidate,
      Tolerance tolerance,
      Sink<I, O> sink,
      Consumer<DeadlineExceededException> hung) {
    this.live = live;
    this.candidate = candidate;
    this.tolerance = tolerance;
    this.sink = sink;
    this.hung = hung;
  }

  /** Whether a pair may start: asked before the call, so that its end decides nothing. */
  boolean hasRoom() {
    return !closed && waiting.size() < BUSY;
  }

  boolean offer(Seen<I, O> seen) {
    boolean taken = !closed && waiting.offer(seen);
    if (taken) {
      wake();
    }
    return taken;
  }

  /** Callers reuse arrays; whoever reuses or changes other rows must not sample them. */
  @SuppressWarnings("unchecked") // a clone has the type of its array
  static <T> T copied(T value) {
    Object copy =
        value instanceof float[] floats
            ? floats.clone()
            : value instanceof double[] doubles
                ? doubles.clone()
                : value instanceof int[] ints
                    ? ints.clone()
                    : value instanceof long[] longs
                        ? longs.clone()
                        : value instanceof byte[] bytes ? bytes.clone() : value;
    return (T) copy;
  }

  private void wake() {
    if (!running.get() && running.compareAndSet(false, true)) {
      try {
        Clockwork.blocking().execute(this::drain);
      } catch (RejectedExecutionException | OutOfMemoryError e) {
        running.set(false); // no thread to be had: the next request tries again
      }
    }
  }

  private void drain() {
    do {
      try {
        Seen<I, O> seen;
        while ((seen = waiting.poll()) != null) {
          runSafely(seen);
        }
      } finally {
        running.set(false);
      }
      // Dekker: who offered before this look is seen here, who offers later finds nobody running.
    } while (!waiting.isEmpty() && running.compareAndSet(false, true));
  }

  /** What users wrote may throw anything: accessors of an answer, say. Such a pair says nothing. */
  private void runSafely(Seen<I, O> seen) {
    try {
      run(seen);
    } catch (RuntimeException | StackOverflowError | LinkageError e) {
      if (!told) {
        told = true;
        log.warn(
            "{} beside {}: a pair could not be compared, this is the first", candidate, live, e);
      }
      sink.accept(seen, null, null);
    }
  }

  private void run(Seen<I, O> seen) {
    if (closed) {
      sink.accept(seen, null, null);
      return;
    }
    boolean candidateFirst = (Long.bitCount(seen.ticket() * 0x9E3779B97F4A7C15L) & 1) == 0;
    Run<O> first = run(candidateFirst ? candidate : live, seen.row());
    Run<O> second = run(candidateFirst ? live : candidate, seen.row());
    Run<O> ofCandidate = candidateFirst ? first : second;
    Run<O> ofLive = candidateFirst ? second : first;
    O other = seen.fromCandidate() ? ofLive.answer() : ofCandidate.answer();
    sink.accept(seen, pair(seen, ofLive, ofCandidate), other);
  }

  /**
   * What the caller saw is the seen version's outcome; the second run of it is for the time only.
   */
  private @Nullable Pair pair(Seen<I, O> seen, Run<O> ofLive, Run<O> ofCandidate) {
    if (ofLive.dropped() || ofCandidate.dropped()) {
      return null;
    }
    O liveAnswer = seen.fromCandidate() ? ofLive.answer() : seen.answer();
    O candidateAnswer = seen.fromCandidate() ? seen.answer() : ofCandidate.answer();
    boolean otherIsLate = (seen.fromCandidate() ? ofLive : ofCandidate).nanos() > seen.limitNanos();
    boolean liveFails =
        liveAnswer == null
            || !Tolerance.isFinite(liveAnswer)
            || (otherIsLate && seen.fromCandidate());
    boolean candidateFails =
        candidateAnswer == null
            || !Tolerance.isFinite(candidateAnswer)
            || (otherIsLate && !seen.fromCandidate());
    if (liveAnswer == null || candidateAnswer == null || liveFails || candidateFails) {
      return Pair.failed(liveFails, candidateFails);
    }
    Pair pair =
        Pair.answered(
            ofLive.nanos(),
            ofCandidate.nanos(),
            0,
            tolerance.compare(liveAnswer, candidateAnswer).isPresent());
    return ofLive.answer() == null || ofCandidate.answer() == null ? pair.untimed() : pair;
  }

  private Run<O> run(Resident<I, O> version, I row) {
    long begin = System.nanoTime();
    try {
      O answer = version.trial().predict(row, OPTIONS);
      return new Run<>(answer, System.nanoTime() - begin, false);
    } catch (DeadlineExceededException e) {
      boolean hangs = version == candidate && e.running();
      if (hangs) {
        close(); // the next one would take another lane
        hung.accept(e);
      }
      return new Run<>(null, 0, !hangs);
    } catch (InferenceException e) {
      return new Run<>(null, 0, !SideBySide.isOfTheModel(e)); // refused: there is no room now
    }
  }

  @Override
  public void close() {
    closed = true;
    waiting.clear();
  }
}
