package dev.inflight;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.Objects;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** r1: given up; r2: failures; r3: what the bounds still count. */
@JCStressTest
@Outcome(id = "1, 0, 0", expect = ACCEPTABLE, desc = "given up")
@Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "timed out")
@Outcome(
    expect = FORBIDDEN,
    desc = "two ends, none, or a share of the bounds lost or returned twice")
@State
public class CallGivenUpAgainstTimer {
  private final Rig rig = new Rig(1);
  private final ModelSlot<Integer, Integer> slot = Rig.slot(rig.lanes);
  private final Rig.Answer answer = new Rig.Answer();
  private final Call<Integer, Integer> call =
      Rig.submit(slot, CallOptions.timeout(Rig.TIMEOUT), answer);

  @Actor
  public void timer() {
    Objects.requireNonNull(rig.alarms.poll()).run();
  }

  @Actor
  public void caller(III_Result r) {
    r.r1 = call.giveUp(CallEnd.CANCELLED) ? 1 : 0;
  }

  @Arbiter
  public void end(III_Result r) {
    rig.runAll();
    r.r2 = answer.answers.get() + answer.failures.get();
    r.r3 = Rig.leftInside(slot);
  }
}
