package dev.inflight.bench.load;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.inflight.bench.call.OrtFeed;
import dev.inflight.bench.model.BenchModel;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/**
 * What a careful user writes: a lock-free queue, one thread that runs what has come in, up to 64
 * rows at a time, then wakes the callers.
 */
final class WorkerTarget implements Target {
  private static final int MAX_BATCH = 64;

  private final ConcurrentLinkedQueue<Request> queue = new ConcurrentLinkedQueue<>();
  private final BenchModel model;
  private final OrtSession session;
  private final Thread worker;
  private volatile boolean parked;
  private volatile boolean closed;

  private static final class Request implements Caller {
    private final WorkerTarget target;
    private final @Nullable Completion then;
    private float[] row;
    private float[] answer;
    private @Nullable Thread waiter;
    private @Nullable Throwable failure;
    private volatile boolean done;

    Request(WorkerTarget target, float[] row, @Nullable Completion then) {
      this.target = target;
      this.row = row;
      this.then = then;
      answer = row;
    }

    @Override
    public float[] call(float[] next) {
      row = next;
      waiter = Thread.currentThread();
      done = false;
      target.enqueue(this);
      while (!done) {
        LockSupport.park(this);
      }
      if (failure != null) {
        throw new IllegalStateException(failure);
      }
      return answer;
    }

    void complete(@Nullable Throwable problem) {
      failure = problem;
      if (then != null) {
        then.done(problem);
      } else {
        Thread waiting = waiter;
        done = true;
        LockSupport.unpark(waiting);
      }
    }
  }

  WorkerTarget(BenchModel model) throws OrtException {
    this.model = model;
    session = OrtFeed.session(model);
    worker = new Thread(this::work, "bench-worker");
    worker.setDaemon(true);
    worker.start();
  }

  @Override
  public Caller newCaller() {
    return new Request(this, new float[0], null);
  }

  @Override
  public void submit(float[] row, Completion then) {
    enqueue(new Request(this, row, then));
  }

  private void enqueue(Request request) {
    queue.add(request);
    if (parked) {
      LockSupport.unpark(worker);
    }
  }

  private void work() {
    Request[] batch = new Request[MAX_BATCH];
    try (OrtFeed feed = new OrtFeed(model, session, MAX_BATCH)) {
      while (!closed) {
        int n = 0;
        Request next;
        while (n < MAX_BATCH && (next = queue.poll()) != null) {
          batch[n++] = next;
        }
        if (n == 0) {
          parked = true;
          if (queue.isEmpty() && !closed) {
            LockSupport.park(this);
          }
          parked = false;
        } else {
          run(feed, batch, n);
        }
      }
    }
  }

  private void run(OrtFeed feed, Request[] batch, int n) {
    Throwable failure = null;
    try {
      for (int i = 0; i < n; i++) {
        feed.put(i, batch[i].row);
      }
      feed.run(n);
      for (int i = 0; i < n; i++) {
        batch[i].answer = new float[model.outWidth()];
        feed.get(i, batch[i].answer);
      }
    } catch (OrtException | RuntimeException e) {
      failure = e;
    }
    for (int i = 0; i < n; i++) {
      batch[i].complete(failure);
    }
  }

  @Override
  public void close() throws Exception {
    closed = true;
    LockSupport.unpark(worker);
    worker.join();
    session.close();
  }
}
