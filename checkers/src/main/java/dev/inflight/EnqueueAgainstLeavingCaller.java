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

/** A call comes while the caller who holds the only lane leaves. r1: answers; r2: bounds left. */
@JCStressTest
@Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "answered")
@Outcome(expect = FORBIDDEN, desc = "a wake-up was lost: a call waits and no lane will look")
@State
public class EnqueueAgainstLeavingCaller {
  private final Rig rig = new Rig(1);
  private final ModelSlot<Integer, Integer> slot = Rig.slot(rig.lanes);
  private final Lane lane = Objects.requireNonNull(rig.lanes.dispatcher().tryLane(null));
  private final Rig.Answer answer = new Rig.Answer();

  @Actor
  public void leaving() {
    rig.lanes.dispatcher().leave(lane, null);
  }

  @Actor
  public void coming() {
    Rig.submit(slot, answer);
  }

  @Arbiter
  public void end(II_Result r) {
    rig.runAll();
    r.r1 = answer.answers.get();
    r.r2 = Rig.leftInside(slot);
  }
}
