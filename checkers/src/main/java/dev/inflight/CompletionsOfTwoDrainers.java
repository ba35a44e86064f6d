package dev.inflight;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * As if every drainer stalled, so that a second one starts. r1, r2: how often each completion ran.
 */
@JCStressTest
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "each ran once")
@Outcome(expect = FORBIDDEN, desc = "one stayed behind, or ran twice")
@State
public class CompletionsOfTwoDrainers {
  private final Queue<Runnable> drainers = new ConcurrentLinkedQueue<>();
  private final AtomicInteger ticks = new AtomicInteger();
  private final Completions completions =
      Rig.completions(drainers::add, () -> 2 * Completions.STALLED * ticks.incrementAndGet());
  private final AtomicInteger first = new AtomicInteger();
  private final AtomicInteger second = new AtomicInteger();

  public CompletionsOfTwoDrainers() {
    completions.execute(first::incrementAndGet);
  }

  @Actor
  public void drainer() {
    Rig.runAll(drainers);
  }

  @Actor
  public void lane() {
    completions.execute(second::incrementAndGet);
    Rig.runAll(drainers);
  }

  @Arbiter
  public void end(II_Result r) {
    Rig.runAll(drainers);
    r.r1 = first.get();
    r.r2 = second.get();
  }
}
