package dev.inflight;

import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The process's few library threads besides the lanes: all daemon, all named, none per model. */
final class Background {
  private static final Logger log = LoggerFactory.getLogger(Background.class);

  /** Frees retired versions: native memory is returned on one thread, never on a caller's. */
  private static final ThreadPoolExecutor REAPER =
      new ThreadPoolExecutor(
          1, 1, 0, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), named("inflight-reaper"));

  private static final ScheduledThreadPoolExecutor TIMER =
      new ScheduledThreadPoolExecutor(1, named("inflight-timer"));

  static {
    TIMER.setRemoveOnCancelPolicy(true);
    // An idle thread would keep the class loader of an application that is gone.
    for (ThreadPoolExecutor pool : List.of(REAPER, TIMER)) {
      pool.setKeepAliveTime(10, TimeUnit.SECONDS);
      pool.allowCoreThreadTimeOut(true);
    }
  }

  /**
   * Continuations of futures: as many threads as block in one, none when there is nothing to do.
   */
  private static final ThreadPoolExecutor COMPLETIONS =
      new ThreadPoolExecutor(
          0,
          Integer.MAX_VALUE, // Completions asks for 64 at most
          10,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          named("inflight-completion"));

  private Background() {}

  static Executor completions() {
    return COMPLETIONS;
  }

  static void reap(Runnable task) {
    REAPER.execute(
        () -> {
          try {
            task.run();
          } catch (Throwable e) {
            log.warn("a retired version could not be freed", e);
          }
        });
  }

  static ScheduledThreadPoolExecutor timer() {
    return TIMER;
  }

  static ThreadFactory named(String name) {
    return task -> {
      Thread thread = new Thread(task, name);
      thread.setDaemon(true);
      return thread;
    };
  }
}
