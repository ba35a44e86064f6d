package dev.inflight;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** r1: what the lane got; r2: whether the version that was swapped out is ended, once. */
@JCStressTest
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "ran on the old version, which ended after it")
@Outcome(id = "2, 1", expect = ACCEPTABLE, desc = "ran on the new version")
@Outcome(expect = FORBIDDEN, desc = "ended while held, or never")
@State
public class LeaseAgainstSwap {
  private final LeaseRig rig = new LeaseRig();
  private final Version<Integer, Integer> old = rig.publish();
  private final Version<Integer, Integer> next = Rig.version();

  @Actor
  public void lane(II_Result r) {
    Version<Integer, Integer> leased = rig.leasing.lease(rig.lane);
    if (leased != null) {
      r.r1 = LeaseRig.isInUse(leased) ? (leased == old ? 1 : 2) : 9;
      rig.leasing.release(rig.lane, leased);
    }
  }

  @Actor
  public void swap() {
    rig.leasing.swap(next);
  }

  @Arbiter
  public void end(II_Result r) {
    r.r2 = old.ended().isDone() && !next.ended().isDone() ? 1 : 0;
  }
}
