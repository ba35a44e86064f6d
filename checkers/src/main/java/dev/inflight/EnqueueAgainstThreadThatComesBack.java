package dev.inflight;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.locks.LockSupport;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * A call comes while a lane's own thread completes the future of another one and looks again. No
 * alarm ever rings. r1: answers; r2: bounds left.
 */
@JCStressTest
@Outcome(id = "2, 0", expect = ACCEPTABLE, desc = "both answered")
@Outcome(expect = FORBIDDEN, desc = "a wake-up was lost: a call waits and no thread will look")
@State
public class EnqueueAgainstThreadThatComesBack {
  private static final long PATIENCE = 2_000_000_000;

  private final Lanes lanes = Rig.threads();
  private final ModelSlot<Integer, Integer> slot = Rig.slot(lanes);
  private final Rig.Answer first = new Rig.Answer();
  private final Rig.Answer second = new Rig.Answer();

  @Actor
  public void one() {
    Rig.submit(slot, first);
  }

  @Actor
  public void other() {
    while (!first.isDone() && Rig.leftInside(slot) > 1) {
      Thread.onSpinWait(); // until the first one is about to complete
    }
    Rig.submit(slot, second);
  }

  @Arbiter
  public void end(II_Result r) {
    long begin = System.nanoTime();
    while (!(first.isDone() && second.isDone()) && System.nanoTime() - begin < PATIENCE) {
      LockSupport.parkNanos(this, 10_000);
    }
    r.r1 = first.answers.get() + second.answers.get();
    r.r2 = Rig.leftInside(slot);
    lanes.close();
  }
}
