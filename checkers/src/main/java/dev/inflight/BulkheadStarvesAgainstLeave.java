package dev.inflight;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/** r1: whether who found it full waits; r2: whether who leaves was told so. */
@JCStressTest
@Outcome(id = "1, 1", expect = ACCEPTABLE, desc = "waits, and is woken")
@Outcome(id = "0, 0", expect = ACCEPTABLE, desc = "found the place")
@Outcome(id = "0, 1", expect = ACCEPTABLE, desc = "found the place at the second look")
@Outcome(expect = FORBIDDEN, desc = "waits, and nobody knows")
@State
public class BulkheadStarvesAgainstLeave {
  private final Bulkhead bulkhead = new Bulkhead(1);

  public BulkheadStarvesAgainstLeave() {
    bulkhead.tryEnter();
  }

  @Actor
  public void looking(II_Result r) {
    r.r1 = bulkhead.starves() ? 1 : 0;
  }

  @Actor
  public void leaving(II_Result r) {
    r.r2 = bulkhead.leave() ? 1 : 0;
  }
}
