package dev.inflight;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** r1: what the bulk call got; r2: whether the version that was swapped out is ended, once. */
@JCStressTest
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "ran on the old version, which ended after it")
@Outcome(id = "2, 1", expect = ACCEPTABLE, desc = "ran on the new version")
@Outcome(expect = FORBIDDEN, desc = "ended while pinned, or never")
@State
public class PinAgainstSwap {
  private final LeaseRig rig = new LeaseRig();
  private final Version<Integer, Integer> old = rig.publish();
  private final Version<Integer, Integer> next = Rig.version();

  @Actor
  public void bulk(II_Result r) {
    Version<Integer, Integer> pinned = rig.leasing.pin();
    if (pinned != null) {
      r.r1 = LeaseRig.isInUse(pinned) ? (pinned == old ? 1 : 2) : 9;
      rig.leasing.unpin(pinned);
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
