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
 * A lane runs for a bulk call that gives up meanwhile, while the reaper looks at the version it had
 * pinned, which was swapped out before. r1: what the lane got; r2: whether the version is ended.
 */
@JCStressTest
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "ran on the pinned version, which ended after it")
@Outcome(expect = FORBIDDEN, desc = "ended while a lane held it, or never")
@State
public class PinnedLeaseAgainstReap {
  private final LeaseRig rig = new LeaseRig();
  private final Version<Integer, Integer> pinned = rig.publishPinned();

  public PinnedLeaseAgainstReap() {
    rig.leasing.swap(null);
  }

  @Actor
  public void lane(II_Result r) {
    Version<Integer, Integer> leased = rig.leasing.lease(rig.lane, pinned);
    rig.leasing.unpin(pinned);
    if (leased != null) {
      r.r1 = LeaseRig.isInUse(leased) ? 1 : 9;
      rig.leasing.release(rig.lane, leased);
    }
  }

  @Actor
  public void reaper() {
    rig.leasing.reap(pinned);
  }

  @Arbiter
  public void end(II_Result r) {
    r.r2 = pinned.ended().isDone() ? 1 : 0;
  }
}
