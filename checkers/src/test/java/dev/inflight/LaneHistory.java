package dev.inflight;

import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;

/** The permit of one lane against a variable that says who has it. */
@Param(name = "thread", gen = ThreadIdGen.class)
public class LaneHistory {
  private static final int THREADS = 3;
  private final Dispatcher dispatcher = new Rig(1).lanes.dispatcher();
  private final Lane lane = lane(dispatcher);
  private final boolean[] held = new boolean[THREADS];

  /** What comes before the parallel part says 0, and runs on thread 1. */
  private static int own(int thread) {
    return Math.max(thread, 1);
  }

  private static Lane lane(Dispatcher dispatcher) {
    Lane lane = dispatcher.tryLane(null);
    dispatcher.leave(lane, null);
    return lane;
  }

  @Operation(params = "thread")
  public boolean enter(int thread) {
    if (dispatcher.tryLane(null) == null) {
      return false;
    }
    held[own(thread)] = true;
    return true;
  }

  @Operation(params = "thread")
  public boolean leave(int thread) {
    if (!held[own(thread)]) {
      return false;
    }
    held[own(thread)] = false;
    dispatcher.leave(lane, null);
    return true;
  }

  /** Whether this thread would wait for itself. */
  @Operation(params = "thread")
  public boolean owns(int thread) {
    return lane.isOwnedByCurrentThread();
  }

  public static final class Spec {
    private int holder = -1;

    public boolean enter(int thread) {
      if (holder >= 0) {
        return false;
      }
      holder = own(thread);
      return true;
    }

    public boolean leave(int thread) {
      if (holder != own(thread)) {
        return false;
      }
      holder = -1;
      return true;
    }

    public boolean owns(int thread) {
      return holder == own(thread);
    }
  }
}
