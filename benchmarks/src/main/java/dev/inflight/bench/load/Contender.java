package dev.inflight.bench.load;

import dev.inflight.bench.model.BenchModel;

/** The ways to serve many callers, the one that others are compared with first. */
public enum Contender {
  /** Each caller for itself. */
  DIRECT("direct"),
  /** A lock-free queue and one thread. */
  WORKER("one worker"),
  /** A blocking queue of futures and one thread. */
  FUTURES("CompletableFuture queue"),
  /** Deep Java Library. */
  DJL("DJL"),
  /** Ours. */
  INFLIGHT("Inflight");

  private final String title;

  Contender(String title) {
    this.title = title;
  }

  /** {@return its name in tables} */
  public String title() {
    return title;
  }

  /** {@return one that serves blocking callers} */
  public Target open(BenchModel model) throws Exception {
    return switch (this) {
      case DIRECT -> new DirectTarget(model);
      case WORKER -> new WorkerTarget(model);
      case FUTURES -> new FutureTarget(model);
      case DJL -> new DjlTarget(model);
      case INFLIGHT -> new InflightTarget(model);
    };
  }

  /** {@return one that can be asked without waiting: those that cannot get a pool} */
  public Target openAsynchronous(BenchModel model) throws Exception {
    return this == DIRECT || this == DJL ? new PoolTarget(open(model)) : open(model);
  }
}
