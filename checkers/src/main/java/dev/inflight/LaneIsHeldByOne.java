package dev.inflight;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** r1, r2: who got the lane; r3: whether it can be had again after it was left. */
@JCStressTest
@Outcome(id = "1, 0, 1", expect = ACCEPTABLE, desc = "one got it")
@Outcome(id = "0, 1, 1", expect = ACCEPTABLE, desc = "the other one got it")
@Outcome(expect = FORBIDDEN, desc = "both hold it, or none")
@State
public class LaneIsHeldByOne {
  private final Dispatcher dispatcher = new Rig(1).lanes.dispatcher();
  private volatile @Nullable Lane lane;

  private int enter() {
    Lane entered = dispatcher.tryLane(null);
    if (entered == null) {
      return 0;
    }
    lane = entered;
    return 1;
  }

  @Actor
  public void one(III_Result r) {
    r.r1 = enter();
  }

  @Actor
  public void other(III_Result r) {
    r.r2 = enter();
  }

  @Arbiter
  public void end(III_Result r) {
    dispatcher.leave(Objects.requireNonNull(lane), null);
    r.r3 = enter();
  }
}
