package dev.inflight.testkit;

import dev.inflight.ForwardingModel;
import dev.inflight.Lane;
import dev.inflight.Model;
import dev.inflight.Outcome;
import dev.inflight.Runner;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Watches how a model is used: counts closes, and every run that overlaps a close, comes after one,
 * or enters a runner twice at once.
 *
 * @param <I> a row
 * @param <O> an answer
 */
public final class GuardedModel<I, O> extends ForwardingModel<I, O> {
  private final AtomicInteger running = new AtomicInteger();
  private final AtomicInteger closes = new AtomicInteger();
  private final AtomicInteger violations = new AtomicInteger();

  /** Owns {@code model}. */
  public GuardedModel(Model<I, O> model) {
    super(model);
  }

  /** {@return how often the model was closed} */
  public int closes() {
    return closes.get();
  }

  /** {@return how often the rules of {@link Model} and {@link Runner} were broken} */
  public int violations() {
    return violations.get();
  }

  @Override
  public Runner<I, O> newRunner(Lane lane) throws Exception {
    Runner<I, O> runner = super.newRunner(lane);
    AtomicInteger inside = new AtomicInteger();
    return new Runner<>() {
      @Override
      public List<Outcome<O>> run(List<? extends I> rows) throws Exception {
        enter();
        try {
          return runner.run(rows);
        } finally {
          leave();
        }
      }

      @Override
      public O runOne(I row) throws Exception {
        enter();
        try {
          return runner.runOne(row);
        } finally {
          leave();
        }
      }

      private void enter() {
        running.incrementAndGet();
        if (inside.incrementAndGet() != 1 || closes.get() > 0) {
          violations.incrementAndGet();
        }
      }

      private void leave() {
        inside.decrementAndGet();
        running.decrementAndGet();
      }

      @Override
      public void cancel() {
        runner.cancel();
      }

      @Override
      public void close() {
        if (inside.get() > 0 || closes.get() > 0) {
          violations.incrementAndGet();
        }
        runner.close();
      }
    };
  }

  @Override
  public void close() {
    if (closes.incrementAndGet() > 1 || running.get() > 0) {
      violations.incrementAndGet();
    }
    super.close();
  }
}
