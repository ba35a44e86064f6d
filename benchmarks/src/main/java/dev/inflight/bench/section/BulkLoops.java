package dev.inflight.bench.section;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.inflight.CallOptions;
import dev.inflight.Predictor;
import dev.inflight.bench.call.OrtFeed;
import dev.inflight.bench.call.Serving;
import dev.inflight.bench.model.BenchModel;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/** The ways to score many rows; all take rows from an iterator and hand each answer to a sink. */
final class BulkLoops implements AutoCloseable {
  private final BenchModel model;
  private final OrtSession session;
  private final Serving<float[], float[]> serving;
  private final ExecutorService pool = Executors.newCachedThreadPool();

  BulkLoops(BenchModel model) throws OrtException, IOException {
    this.model = model;
    session = OrtFeed.session(model);
    serving = Serving.codec(model, Runtime.getRuntime().availableProcessors());
  }

  /** Rows one after the other, over and over, never all in memory. */
  private Iterator<float[]> rows(int n) {
    return new Iterator<>() {
      private int next;

      @Override
      public boolean hasNext() {
        return next < n;
      }

      @Override
      public float[] next() {
        if (next >= n) {
          throw new java.util.NoSuchElementException();
        }
        return model.rows().get(next++ % model.rows().size());
      }
    };
  }

  private static void predictAll(
      Predictor<float[], float[]> predictor, Iterator<float[]> rows, Consumer<float[]> sink) {
    var unused =
        predictor.predictAll(
            rows, CallOptions.defaults(), (index, outcome) -> sink.accept(outcome.value()));
  }

  BulkLoop inflight() {
    return new BulkLoop() {
      @Override
      public int size() {
        return 0; // it chooses
      }

      @Override
      public int threads() {
        return 1;
      }

      @Override
      public void score(int rows, Consumer<float[]> sink) {
        predictAll(serving.predictor(), rows(rows), sink);
      }
    };
  }

  BulkLoop handWritten(int size, int threads) {
    return new HandWritten(size, threads);
  }

  private final class HandWritten implements BulkLoop {
    private final int size;
    private final int threads;

    HandWritten(int size, int threads) {
      this.size = size;
      this.threads = threads;
    }

    @Override
    public int size() {
      return size;
    }

    @Override
    public int threads() {
      return threads;
    }

    @Override
    public void score(int rows, Consumer<float[]> sink) throws Exception {
      if (threads == 1) {
        loop(rows(rows), sink, new ReentrantLock());
        return;
      }
      ReentrantLock lock = new ReentrantLock();
      List<Future<?>> parts = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        int share = rows / threads + (t == 0 ? rows % threads : 0);
        parts.add(
            pool.submit(
                () -> {
                  loop(rows(share), sink, lock);
                  return null;
                }));
      }
      for (Future<?> part : parts) {
        part.get();
      }
    }

    /** One lock for each batch, not for each row. */
    private void loop(Iterator<float[]> rows, Consumer<float[]> sink, ReentrantLock lock)
        throws OrtException {
      try (OrtFeed feed = new OrtFeed(model, session, size)) {
        float[][] answers = new float[size][];
        while (rows.hasNext()) {
          int n = 0;
          while (n < size && rows.hasNext()) {
            feed.put(n++, rows.next());
          }
          feed.run(n);
          for (int i = 0; i < n; i++) {
            answers[i] = new float[model.outWidth()];
            feed.get(i, answers[i]);
          }
          lock.lock();
          try {
            for (int i = 0; i < n; i++) {
              sink.accept(answers[i]);
            }
          } finally {
            lock.unlock();
          }
        }
      }
    }
  }

  @Override
  public void close() throws OrtException {
    pool.shutdown();
    serving.close();
    session.close();
  }
}
