package dev.inflight;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * A lane comes late for a bulk call that is giving up; a caller that has read the version before it
 * was swapped out announces a pin it will take back. r1: what the lane got; r2: whether it ended.
 */
@JCStressTest
@Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "the lane was too late")
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "ran on the pinned version, which ended after it")
@Outcome(expect = FORBIDDEN, desc = "leased after its end, ended while held, or never ended")
@State
public class LateLeaseAgainstUnpin {
  private final LeaseRig rig = new LeaseRig();
  private final Version<Integer, Integer> pinned = rig.publishPinned();

  public LateLeaseAgainstUnpin() {
    rig.leasing.swap(null);
  }

  @Actor
  public void lane(II_Result r) {
    Version<Integer, Integer> leased = rig.leasing.lease(rig.lane, pinned);
    if (leased != null) {
      r.r1 = LeaseRig.isInUse(leased) ? 1 : 9;
      rig.leasing.release(rig.lane, leased);
    }
  }

  @Actor
  public void bulk() {
    rig.leasing.unpin(pinned);
    pinned.pins().incrementAndGet(); // the first step of a pin() that finds another current
    LeaseRig.isInUse(pinned);
    rig.leasing.unpin(pinned);
  }

  @Arbiter
  public void end(II_Result r) {
    r.r2 = pinned.ended().isDone() ? 1 : 0;
  }
}
