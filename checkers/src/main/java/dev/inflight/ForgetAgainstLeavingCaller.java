package dev.inflight;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.Objects;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/**
 * Two calls wait; one is given up, which lists the other one, while the caller who holds the only
 * lane leaves and looks for who waits. r1: answers; r2: bounds left.
 */
@JCStressTest
@Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "the other one is answered")
@Outcome(expect = FORBIDDEN, desc = "a wake-up was lost: a call waits and no lane will look")
@State
public class ForgetAgainstLeavingCaller {
  private final Rig rig = new Rig(1);
  private final ModelSlot<Integer, Integer> slot = Rig.slot(rig.lanes);
  private final Lane lane = Objects.requireNonNull(rig.lanes.dispatcher().tryLane(null));
  private final Rig.Answer kept = new Rig.Answer();
  private final Call<Integer, Integer> dropped = Rig.submit(slot, new Rig.Answer());

  public ForgetAgainstLeavingCaller() {
    Rig.submit(slot, kept);
  }

  @Actor
  public void leaving() {
    rig.lanes.dispatcher().leave(lane, null);
  }

  @Actor
  public void givingUp() {
    dropped.giveUp(CallEnd.CANCELLED);
  }

  @Arbiter
  public void end(II_Result r) {
    rig.runAll();
    r.r1 = kept.answers.get();
    r.r2 = Rig.leftInside(slot);
  }
}
