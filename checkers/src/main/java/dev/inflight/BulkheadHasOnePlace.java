package dev.inflight;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/** One place is left. r1, r2: who got it; r3: whether it can be had again after both left. */
@JCStressTest
@Outcome(id = "1, 0, 1", expect = ACCEPTABLE, desc = "one got it")
@Outcome(id = "0, 1, 1", expect = ACCEPTABLE, desc = "the other one got it")
@Outcome(expect = FORBIDDEN, desc = "both got it, or none, or it was lost")
@State
public class BulkheadHasOnePlace {
  private final Bulkhead bulkhead = new Bulkhead(2);

  public BulkheadHasOnePlace() {
    bulkhead.tryEnter();
  }

  @Actor
  public void one(III_Result r) {
    r.r1 = bulkhead.tryEnter() ? 1 : 0;
  }

  @Actor
  public void other(III_Result r) {
    r.r2 = bulkhead.tryEnter() ? 1 : 0;
  }

  @Arbiter
  public void end(III_Result r) {
    bulkhead.leave();
    r.r3 = bulkhead.tryEnter() && !bulkhead.tryEnter() ? 1 : 0;
  }
}
