package dev.inflight.deploy;

import java.util.concurrent.ExecutorService;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/** The library threads that all deployments share; all daemon, all named. */
final class Clockwork {
  /** Says when; does nothing that may block. */
  private static final ScheduledThreadPoolExecutor TIMER =
      new ScheduledThreadPoolExecutor(1, named("inflight-deploy-timer"));

  static {
    TIMER.setRemoveOnCancelPolicy(true);
    TIMER.setKeepAliveTime(10, TimeUnit.SECONDS); // an idle thread keeps its class loader
    TIMER.allowCoreThreadTimeOut(true);
  }

  /** What may block: repositories and gates of users. A thread for each that does, none else. */
  private static final ThreadPoolExecutor BLOCKING =
      new ThreadPoolExecutor(
          0,
          Integer.MAX_VALUE, // one poll and one gate of each deployment at most
          10,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          named("inflight-deploy"));

  /** Listeners: a thread for each deployment that has something to tell, none else. */
  private static final ThreadPoolExecutor EVENTS =
      new ThreadPoolExecutor(
          0,
          Integer.MAX_VALUE, // one of each deployment at most
          10,
          TimeUnit.SECONDS,
          new SynchronousQueue<>(),
          named("inflight-events"));

  private Clockwork() {}

  static ScheduledThreadPoolExecutor timer() {
    return TIMER;
  }

  static ExecutorService blocking() {
    return BLOCKING;
  }

  static ExecutorService events() {
    return EVENTS;
  }

  @SuppressWarnings("ThreadPriorityCheck") // not that of the loader that happens to need it first
  private static ThreadFactory named(String name) {
    return task -> {
      Thread thread = new Thread(task, name);
      thread.setDaemon(true);
      thread.setPriority(Thread.NORM_PRIORITY);
      return thread;
    };
  }
}
