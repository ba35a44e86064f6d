package dev.inflight;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * Two of three calls of a run in progress are given up, then the third. r1: cancels before that;
 * r2: all of them.
 */
@JCStressTest
@Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "the last one cancels")
@Outcome(expect = FORBIDDEN, desc = "nobody did, or one too many")
@State
public class CancelByTheLast {
  private final ModelSlot<Integer, Integer> slot = Rig.slot(new Rig(1).lanes);
  private final Batch<Integer, Integer> batch = new Batch<>(slot.line());
  private final AtomicInteger cancels = new AtomicInteger();

  public CancelByTheLast() {
    batch.add(Rig.call(slot, CallOptions.defaults(), new Rig.Answer()));
    batch.add(Rig.call(slot, CallOptions.defaults(), new Rig.Answer()));
    batch.add(Rig.call(slot, CallOptions.defaults(), new Rig.Answer()));
    batch.enter(new Rig.EchoRunner(cancels::incrementAndGet));
  }

  @Actor
  public void one() {
    batch.callGivenUp();
  }

  @Actor
  public void other() {
    batch.callGivenUp();
  }

  @Arbiter
  public void end(II_Result r) {
    r.r1 = cancels.get();
    batch.callGivenUp();
    batch.leave();
    r.r2 = cancels.get();
  }
}
