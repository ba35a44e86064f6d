package dev.inflight;

import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.jetbrains.lincheck.datastructures.Validate;

/**
 * Pins against a variable: who pins gets the current version and finds it not ended until it unpins
 * it. A lane that runs for a pin may come too late; if it is let in, the version is not ended.
 */
@Param(name = "thread", gen = ThreadIdGen.class)
public class PinHistory {
  private final Versions versions = new Versions();
  private final Version<?, ?>[] pinned = new Version<?, ?>[Versions.LANES];
  private volatile Version<Integer, Integer> bulk = versions.leasing.current();

  @Operation(params = "thread")
  public int pin(int thread) {
    if (pinned[thread] == null) {
      Version<Integer, Integer> version = versions.leasing.pin();
      pinned[thread] = version;
      bulk = version;
    }
    return versions.number(pinned[thread]);
  }

  @Operation(params = "thread")
  @SuppressWarnings("unchecked")
  public int unpin(int thread) {
    if (pinned[thread] == null) {
      return 0;
    }
    Version<Integer, Integer> version = (Version<Integer, Integer>) pinned[thread];
    pinned[thread] = null;
    int number = versions.number(version);
    versions.leasing.unpin(version);
    return number;
  }

  /** A lane, for whoever pinned last: maybe nobody does any more. */
  @Operation(params = "thread")
  public boolean run(int thread) {
    Version<Integer, Integer> version = bulk;
    Lane lane = versions.lane(thread);
    Version<Integer, Integer> leased = versions.leasing.lease(lane, version);
    if (leased == null) {
      return true;
    }
    boolean fine = versions.use(leased) > 0;
    versions.leasing.release(lane, leased);
    return fine;
  }

  @Operation(nonParallelGroup = "swap")
  public int swap() {
    return versions.swap();
  }

  @Validate
  public void whatNobodyUsesIsEnded() {
    for (int i = 0; i < pinned.length; i++) {
      unpin(i);
    }
    versions.requireEnded();
  }

  public static final class Spec {
    private int current = 1;
    private final int[] pinned = new int[Versions.LANES];

    public int pin(int thread) {
      if (pinned[thread] == 0) {
        pinned[thread] = current;
      }
      return pinned[thread];
    }

    public int unpin(int thread) {
      int number = pinned[thread];
      pinned[thread] = 0;
      return number;
    }

    public boolean run(int thread) {
      return true;
    }

    public int swap() {
      return ++current;
    }
  }
}
