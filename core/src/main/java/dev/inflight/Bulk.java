package dev.inflight;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;

/**
 * Many rows of one caller, answered by one version in their order.
 *
 * <p>Invariant: at most {@code window} chunks are on their way, so memory does not grow with the
 * rows. The chunk size is the cheapest of those tried; each is tried a few times first, because no
 * formula knows the caches.
 */
final class Bulk<I, O> {
  private static final int[] SIZES = {16, 32, 64, 128, 256};

  /** The lane is woken for a chunk, and the caller for its answers. */
  private static final double HAND_OFFS = 2;

  private static final long PROGRESS_EVERY = 200_000_000;

  private final Line<I, O> line;
  private final Version<I, O> version;
  private final CallOptions options;
  private final BulkSink<? super O> sink;
  private final ArrayDeque<Call<I, O>> onTheirWay = new ArrayDeque<>();
  private final int window;
  private final long begin;
  private long rows;
  private long failed;
  private long told;

  /** The caller keeps {@code version} pinned. */
  Bulk(
      Line<I, O> line,
      Version<I, O> version,
      int lanes,
      CallOptions options,
      BulkSink<? super O> sink) {
    this.line = line;
    this.version = version;
    this.options = options;
    this.sink = sink;
    window = 6 * lanes; // so that a lane finds a chunk while the caller still sleeps
    begin = line.nanos();
    told = begin;
  }

  BulkProgress run(Iterator<? extends I> source) {
    try {
      while (source.hasNext() || !onTheirWay.isEmpty()) {
        while (onTheirWay.size() < window && source.hasNext()) {
          Call<I, O> call = new Call<>(line, chunk(source), options, version, null);
          line.slot().accept(call, false);
          onTheirWay.add(call);
        }
        if (Thread.currentThread().isInterrupted()) { // waiting may never be needed
          throw new CancellationException("bulk call to " + line.label() + ": interrupted");
        }
        Call<I, O> oldest = onTheirWay.element();
        oldest.await();
        onTheirWay.remove();
        emit(oldest.outcomes());
      }
      BulkProgress all = progress(line.nanos());
      sink.progress(all);
      return all;
    } finally {
      onTheirWay.forEach(call -> call.giveUp(CallEnd.CANCELLED));
    }
  }

  private List<I> chunk(Iterator<? extends I> source) {
    int most = Math.min(line.batching().maxBatch(), version.maxBatch());
    int size = Math.min(most, version.cost().cheapest(HAND_OFFS * HandOff.MEASURED.nanos(), SIZES));
    List<I> chunk = new ArrayList<>(size);
    while (chunk.size() < size && source.hasNext()) {
      chunk.add(Objects.requireNonNull(source.next(), "row"));
    }
    return chunk;
  }

  private void emit(List<Outcome<O>> outcomes) {
    for (int i = 0; i < outcomes.size(); i++) {
      Outcome<O> outcome = outcomes.get(i);
      failed += outcome.succeeded() ? 0 : 1;
      accept(sink, rows++, outcome);
    }
    long now = line.nanos();
    if (now - told >= PROGRESS_EVERY) {
      told = now;
      sink.progress(progress(now));
    }
  }

  @SuppressWarnings("unchecked") // an Outcome only gives what it has
  static <T, O extends T> void accept(BulkSink<T> sink, long index, Outcome<O> outcome) {
    sink.accept(index, (Outcome<T>) outcome);
  }

  private BulkProgress progress(long now) {
    return new BulkProgress(rows, failed, Duration.ofNanos(now - begin), version.info());
  }
}
