package dev.inflight;

import dev.inflight.tensor.Signature;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A version that is poisoned when it is closed: its runners see use after close, and its close sees
 * runs in progress. Answers {@code version << 32 | row}.
 */
final class StressModel implements Model<Integer, Long> {
  private final int version;
  private final boolean slow;
  private final StressHarness harness;
  private final ModelInfo info;
  private final List<CheckedRunner> runners = new CopyOnWriteArrayList<>();
  private final AtomicInteger closes = new AtomicInteger();

  StressModel(int version, boolean slow, StressHarness harness) {
    this.version = version;
    this.slow = slow;
    this.harness = harness;
    info =
        new ModelInfo(
            "stress",
            Integer.toString(version),
            "fake",
            new Signature(List.of(), List.of()),
            "",
            Map.of());
  }

  @Override
  public ModelInfo info() {
    return info;
  }

  @Override
  public Runner<Integer, Long> newRunner(Lane lane) {
    if (closes.get() > 0) {
      harness.violation("runner made after close");
    }
    harness.ranOn(lane);
    CheckedRunner runner = new CheckedRunner();
    runners.add(runner);
    return runner;
  }

  @Override
  public void close() {
    if (closes.incrementAndGet() == 1) {
      harness.closed();
    } else {
      harness.violation("closed twice");
    }
    if (!Thread.currentThread().getName().startsWith("inflight-reaper")) {
      harness.violation("closed on thread " + Thread.currentThread().getName());
    }
    for (CheckedRunner runner : runners) {
      if (runner.running) {
        harness.violation("closed under a run");
      }
      if (!runner.closed) {
        harness.violation("closed before its runner");
      }
    }
  }

  private final class CheckedRunner implements Runner<Integer, Long> {
    private final List<Outcome<Long>> answers = new ArrayList<>();
    private volatile boolean running;
    private volatile boolean closed;

    @Override
    @SuppressWarnings("ThreadPriorityCheck") // yields to widen the races, not to be right
    public List<Outcome<Long>> run(List<? extends Integer> rows) {
      if (running) {
        harness.violation("runner entered twice at once");
      }
      running = true;
      if (closed || closes.get() > 0) {
        harness.violation("used after close");
      }
      answers.clear();
      for (Integer row : rows) {
        answers.add(Outcome.of((long) version << 32 | row));
      }
      // Room for a close to come in between.
      Thread.onSpinWait();
      if (slow) {
        Thread.yield();
      }
      if (closed || closes.get() > 0) {
        harness.violation("closed under a run");
      }
      running = false;
      return answers;
    }

    @Override
    public void close() {
      if (running) {
        harness.violation("runner closed under a run");
      }
      if (closed) {
        harness.violation("runner closed twice");
      }
      closed = true;
    }
  }
}
