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
 * A lane looks at a line whose bulkhead is full, while the caller who fills it leaves. r1: answers;
 * r2: bounds left.
 */
@JCStressTest
@Outcome(id = "1, 0", expect = ACCEPTABLE, desc = "answered")
@Outcome(expect = FORBIDDEN, desc = "a wake-up was lost: a call waits and no lane will look")
@State
public class BulkheadAgainstServingLane {
  private final Rig rig = new Rig(2);
  private final Lanes limited = rig.lanes.limitedTo(1);
  private final ModelSlot<Integer, Integer> slot = Rig.slot(limited);
  private final Lane lane =
      Objects.requireNonNull(limited.dispatcher().tryLane(limited.bulkhead()));
  private final Rig.Answer answer = new Rig.Answer();

  public BulkheadAgainstServingLane() {
    Rig.submit(slot, answer);
  }

  @Actor
  public void serving() {
    Rig.runAll(rig.servers);
  }

  @Actor
  public void leaving() {
    limited.dispatcher().leave(lane, limited.bulkhead());
  }

  @Arbiter
  public void end(II_Result r) {
    rig.runAll();
    r.r1 = answer.answers.get();
    r.r2 = Rig.leftInside(slot);
  }
}
