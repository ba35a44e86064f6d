package dev.inflight;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** r1: whether the lane entered the runner; r2: cancels inside the run; r3: cancels outside. */
@JCStressTest
@Outcome(id = "1, 0, 0", expect = ACCEPTABLE, desc = "given up after the run")
@Outcome(id = "1, 1, 0", expect = ACCEPTABLE, desc = "given up during the run")
@Outcome(id = "0, 0, 0", expect = ACCEPTABLE, desc = "given up before the run")
@Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "given up while the lane entered")
@Outcome(expect = FORBIDDEN, desc = "a cancel before or after the run, or two")
@State
public class CancelAgainstRun {
  private final ModelSlot<Integer, Integer> slot = Rig.slot(new Rig(1).lanes);
  private final Batch<Integer, Integer> batch = new Batch<>(slot.line());
  private final AtomicInteger inside = new AtomicInteger();
  private final AtomicInteger outside = new AtomicInteger();
  private volatile boolean running;

  public CancelAgainstRun() {
    batch.add(Rig.call(slot, CallOptions.defaults(), new Rig.Answer()));
  }

  private void cancelled() {
    boolean before = running;
    Thread.onSpinWait();
    (before && running ? inside : outside).incrementAndGet();
  }

  @Actor
  public void lane(III_Result r) {
    Runner<Integer, Integer> runner = new Rig.EchoRunner(this::cancelled);
    running = true;
    if (batch.enter(runner)) {
      r.r1 = 1;
      batch.leave();
    }
    running = false;
  }

  @Actor
  public void caller() {
    batch.callGivenUp();
  }

  @Arbiter
  public void end(III_Result r) {
    r.r2 = inside.get();
    r.r3 = outside.get();
  }
}
