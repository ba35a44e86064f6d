package dev.inflight.bench.load;

import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import dev.inflight.bench.call.OrtFeed;
import dev.inflight.bench.model.BenchModel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;

/** What most users write: a blocking queue of rows with futures, one thread that drains it. */
final class FutureTarget implements Target {
  private static final int MAX_BATCH = 64;

  private final LinkedBlockingQueue<Job> queue = new LinkedBlockingQueue<>();
  private final BenchModel model;
  private final OrtSession session;
  private final Thread worker;

  private static final class Job {
    private final float[] row;
    private final CompletableFuture<float[]> future = new CompletableFuture<>();

    Job(float[] row) {
      this.row = row;
    }
  }

  FutureTarget(BenchModel model) throws OrtException {
    this.model = model;
    session = OrtFeed.session(model);
    worker = new Thread(this::work, "bench-futures");
    worker.setDaemon(true);
    worker.start();
  }

  private CompletableFuture<float[]> ask(float[] row) {
    Job job = new Job(row);
    queue.add(job);
    return job.future;
  }

  @Override
  public Caller newCaller() {
    return row -> ask(row).join();
  }

  @Override
  public void submit(float[] row, Completion then) {
    var unused = ask(row).whenComplete((answer, failure) -> then.done(failure));
  }

  private void work() {
    List<Job> batch = new ArrayList<>(MAX_BATCH);
    try (OrtFeed feed = new OrtFeed(model, session, MAX_BATCH)) {
      while (true) {
        batch.add(queue.take());
        queue.drainTo(batch, MAX_BATCH - 1);
        run(feed, batch);
        batch.clear();
      }
    } catch (InterruptedException e) {
      // closed
    }
  }

  private void run(OrtFeed feed, List<Job> batch) {
    try {
      for (int i = 0; i < batch.size(); i++) {
        feed.put(i, batch.get(i).row);
      }
      feed.run(batch.size());
      for (int i = 0; i < batch.size(); i++) {
        float[] answer = new float[model.outWidth()];
        feed.get(i, answer);
        batch.get(i).future.complete(answer);
      }
    } catch (OrtException | RuntimeException e) {
      batch.forEach(job -> job.future.completeExceptionally(e));
    }
  }

  @Override
  public void close() throws Exception {
    worker.interrupt();
    worker.join();
    session.close();
  }
}
