package dev.inflight;

import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.jetbrains.lincheck.datastructures.Validate;

/**
 * Leases against a variable: a lane runs on the version that is current when it leases, and finds
 * it not ended until it releases it.
 */
@Param(name = "thread", gen = ThreadIdGen.class)
public class LeaseHistory {
  private final Versions versions = new Versions();

  /** The version it ran on. */
  @Operation(params = "thread")
  public int run(int thread) {
    Lane lane = versions.lane(thread);
    Version<Integer, Integer> leased = versions.leasing.lease(lane);
    int number = versions.use(leased);
    versions.leasing.release(lane, leased);
    return number;
  }

  @Operation(nonParallelGroup = "swap")
  public int swap() {
    return versions.swap();
  }

  @Validate
  public void whatNobodyUsesIsEnded() {
    versions.requireEnded();
  }

  public static final class Spec {
    private int current = 1;

    public int run(int thread) {
      return current;
    }

    public int swap() {
      return ++current;
    }
  }
}
