package dev.inflight;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** A call comes while a lane serves another one and leaves. r1: answers; r2: bounds left. */
@JCStressTest
@Outcome(id = "2, 0", expect = ACCEPTABLE, desc = "both answered")
@Outcome(expect = FORBIDDEN, desc = "a wake-up was lost: a call waits and no lane will look")
@State
public class EnqueueAgainstServingLane {
  private final Rig rig = new Rig(1);
  private final ModelSlot<Integer, Integer> slot = Rig.slot(rig.lanes);
  private final Rig.Answer first = new Rig.Answer();
  private final Rig.Answer second = new Rig.Answer();

  public EnqueueAgainstServingLane() {
    Rig.submit(slot, first);
  }

  @Actor
  public void lane() {
    Rig.runAll(rig.servers);
  }

  @Actor
  public void caller() {
    Rig.submit(slot, second);
  }

  @Arbiter
  public void end(II_Result r) {
    rig.runAll();
    r.r1 = first.answers.get() + second.answers.get();
    r.r2 = Rig.leftInside(slot);
  }
}
