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

/** r1: answers; r2: failures; r3: what the bounds still count. */
@JCStressTest
@Outcome(id = "1, 0, 0", expect = ACCEPTABLE, desc = "answered")
@Outcome(id = "0, 1, 0", expect = ACCEPTABLE, desc = "timed out")
@Outcome(
    expect = FORBIDDEN,
    desc = "two ends, none, or a share of the bounds lost or returned twice")
@State
public class CallTimesOutAgainstLane {
  private final Rig rig = new Rig(1);
  private final ModelSlot<Integer, Integer> slot = Rig.slot(rig.lanes);
  private final Rig.Answer answer = new Rig.Answer();

  public CallTimesOutAgainstLane() {
    Rig.submit(slot, CallOptions.timeout(Rig.TIMEOUT), answer);
  }

  @Actor
  public void lane() {
    Rig.runAll(rig.servers);
  }

  @Actor
  public void timer() {
    rig.now = Rig.TIMEOUT.toNanos(); // a lane that takes it from now on finds it expired
    Objects.requireNonNull(rig.alarms.poll()).run();
  }

  @Arbiter
  public void end(III_Result r) {
    rig.runAll();
    r.r1 = answer.answers.get();
    r.r2 = answer.failures.get();
    r.r3 = Rig.leftInside(slot);
  }
}
