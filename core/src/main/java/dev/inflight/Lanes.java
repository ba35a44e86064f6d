package dev.inflight;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * How many runs go on at once in this process, and on what. Shared by all models; one lane per core
 * is right, because a native run keeps its core busy. Models that share lanes share their time
 * fairly: the one that has used least of it goes next.
 */
public final class Lanes implements AutoCloseable {
  private static final AtomicInteger INSTANCES = new AtomicInteger();

  private final Dispatcher dispatcher;
  private final @Nullable Bulkhead bulkhead;
  private final boolean shared;

  private static final class Shared {
    static final Lanes INSTANCE =
        new Lanes(
            dispatcher(Runtime.getRuntime().availableProcessors(), Surroundings.SYSTEM),
            null,
            true);
  }

  private Lanes(Dispatcher dispatcher, @Nullable Bulkhead bulkhead, boolean shared) {
    this.dispatcher = dispatcher;
    this.bulkhead = bulkhead;
    this.shared = shared;
  }

  private static Dispatcher dispatcher(int n, Surroundings surroundings) {
    return new Dispatcher(n, INSTANCES.getAndIncrement(), surroundings);
  }

  /** {@return the lanes of this process, one per core; never closed} */
  public static Lanes shared() {
    return Shared.INSTANCE;
  }

  /**
   * {@return {@code n} lanes of their own}
   *
   * @throws IllegalArgumentException if {@code n} is not positive
   */
  public static Lanes of(int n) {
    return of(n, Surroundings.SYSTEM);
  }

  static Lanes of(int n, Surroundings surroundings) {
    requirePositive(n);
    return new Lanes(dispatcher(n, surroundings), null, false);
  }

  private static void requirePositive(int n) {
    if (n <= 0) {
      throw new IllegalArgumentException("lanes: expected at least 1, got " + n);
    }
  }

  /**
   * {@return the same lanes, of which the models that are given this get at most {@code k} at once}
   * The bulkhead: models that hang leave the others the rest. Closing it does nothing.
   *
   * @throws IllegalArgumentException if {@code k} is not positive
   * @throws IllegalStateException if these are limited already
   */
  public Lanes limitedTo(int k) {
    requirePositive(k);
    if (bulkhead != null) {
      throw new IllegalStateException("the lanes are limited to " + size() + " already");
    }
    return k >= size() ? this : new Lanes(dispatcher, new Bulkhead(k), shared);
  }

  /** {@return how many runs go on at once} */
  public int size() {
    return bulkhead == null ? dispatcher.size() : bulkhead.limit();
  }

  /**
   * Ends the lane threads once the queue is empty. Close the slots that use these lanes first. For
   * {@linkplain #limitedTo limited} lanes it does nothing.
   *
   * @throws IllegalStateException for the {@linkplain #shared() shared} lanes
   */
  @Override
  public void close() {
    if (bulkhead != null) {
      return;
    }
    if (shared) {
      throw new IllegalStateException("the shared lanes are never closed");
    }
    dispatcher.close();
  }

  /**
   * {@return what {@code work} returns} Runs it on the calling thread with a lane of its own: for
   * the tests and benchmarks of backends.
   *
   * @throws IllegalStateException if every lane is taken
   */
  public <T> T use(Function<? super Lane, ? extends T> work) {
    Lane lane = dispatcher.tryLane(bulkhead);
    if (lane == null) {
      throw new IllegalStateException("expected a free lane, all " + size() + " are taken");
    }
    try {
      return work.apply(lane);
    } finally {
      dispatcher.leave(lane, bulkhead);
    }
  }

  Dispatcher dispatcher() {
    return dispatcher;
  }

  @Nullable Bulkhead bulkhead() {
    return bulkhead;
  }
}
