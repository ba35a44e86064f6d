package dev.inflight;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Validate;

/** Completions that lanes add and drainers run, one of which may seem to stall: each runs once. */
public class CompletionsHistory {
  private final Queue<Runnable> drainers = new ConcurrentLinkedQueue<>();
  private final AtomicLong time = new AtomicLong();
  private final Completions completions = Rig.completions(drainers::add, time::get);
  private final Queue<AtomicInteger> added = new ConcurrentLinkedQueue<>();

  private AtomicInteger completion() {
    AtomicInteger runs = new AtomicInteger();
    added.add(runs);
    return runs;
  }

  @Operation
  public void execute() {
    completions.execute(completion()::incrementAndGet);
  }

  @Operation
  public void addTwo() {
    completions.add(completion()::incrementAndGet);
    completions.add(completion()::incrementAndGet);
    completions.flush();
  }

  @Operation
  public void drain() {
    Runnable drainer = drainers.poll();
    if (drainer != null) {
      drainer.run();
    }
  }

  @Operation
  public void stall() {
    time.addAndGet(2 * Completions.STALLED);
  }

  @Validate
  public void eachRanOnce() {
    Rig.runAll(drainers);
    for (AtomicInteger runs : added) {
      if (runs.get() != 1) {
        throw new AssertionError("a completion ran " + runs.get() + " times");
      }
    }
  }
}
