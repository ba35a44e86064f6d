package dev.inflight.bench.load;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

/** A blocking target behind a pool of one thread per core and an unbounded queue. */
final class PoolTarget implements Target {
  private final Target target;
  private final ExecutorService pool =
      Executors.newFixedThreadPool(Runtime.getRuntime().availableProcessors());
  private final List<Caller> callers = new ArrayList<>();
  private final ThreadLocal<Caller> mine;

  PoolTarget(Target target) {
    this.target = target;
    mine = ThreadLocal.withInitial(this::open);
  }

  private synchronized Caller open() {
    try {
      Caller caller = target.newCaller();
      callers.add(caller);
      return caller;
    } catch (Exception e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public Caller newCaller() throws Exception {
    return target.newCaller();
  }

  @Override
  public void submit(float[] row, Completion then) {
    pool.execute(
        () -> {
          Throwable failure = null;
          try {
            mine.get().call(row);
          } catch (Exception e) {
            failure = e;
          }
          then.done(failure);
        });
  }

  @Override
  public void close() throws Exception {
    pool.shutdown();
    if (!pool.awaitTermination(30, TimeUnit.SECONDS)) {
      throw new IllegalStateException("the pool did not end");
    }
    callers.forEach(Caller::close);
    target.close();
  }
}
