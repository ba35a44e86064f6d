package dev.inflight;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Queue;
import java.util.Set;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.jetbrains.lincheck.datastructures.Validate;

/**
 * The queue without bounds against a list: rows are taken in the order of their calls, each once,
 * and a call has one end, an answer or that it was given up.
 */
@Param(name = "thread", gen = ThreadIdGen.class)
public class QueueHistory {
  private static final int THREADS = 3;

  private final Rig rig = new Rig(THREADS);
  private final ModelSlot<Integer, Integer> slot =
      ModelSlot.of(new Rig.Echo(), rig.lanes, Batching.auto().withMaxBatch(1));
  private final Dispatcher dispatcher = rig.lanes.dispatcher();
  private final Desk[] desks = new Desk[THREADS];

  public QueueHistory() {
    for (int i = 0; i < THREADS; i++) {
      desks[i] = new Desk(dispatcher.tryLane(null));
    }
  }

  /** What belongs to one thread. */
  private static final class Desk {
    final Lane lane;
    final List<Call<Integer, Integer>> calls = new ArrayList<>();
    final List<Rig.Answer> answers = new ArrayList<>();
    Batch<?, ?> taken;
    Batch<?, ?> done;

    Desk(Lane lane) {
      this.lane = lane;
    }
  }

  static int row(int thread, int call) {
    return 10 * (thread + 1) + call;
  }

  @Operation(params = "thread")
  public int submit(int thread) {
    Desk desk = desks[thread];
    int row = row(thread, desk.calls.size());
    Rig.Answer answer = new Rig.Answer();
    Call<Integer, Integer> call =
        new Call<>(slot.line(), List.of(row), CallOptions.defaults(), null, answer);
    desk.calls.add(call);
    desk.answers.add(answer);
    slot.accept(call, true);
    return row;
  }

  /** The oldest row that waits, 0 if none does. */
  @Operation(params = "thread")
  public int take(int thread) {
    Desk desk = desks[thread];
    if (desk.taken != null) {
      return -1;
    }
    // As a lane: nothing for it now is not the same as nothing there.
    while (desk.taken == null && slot.line().waiting() > 0) {
      Batch<?, ?> done = desk.done;
      desk.done = null;
      desk.taken = dispatcher.next(desk.lane, done);
    }
    return desk.taken == null ? 0 : (Integer) desk.taken.calls().get(0).rows().get(0);
  }

  /** Whether the answer to what was taken was welcome. */
  @Operation(params = "thread")
  public boolean answer(int thread) {
    Desk desk = desks[thread];
    if (desk.taken == null) {
      return false;
    }
    desk.done = desk.taken;
    desk.taken = null;
    Call<?, ?> call = desk.done.calls().get(0);
    desk.done.run(desk.lane);
    desk.lane.completions().flush(); // as the lane does that delivers
    return Insides.isDone(call);
  }

  @Operation(params = "thread")
  public boolean giveUp(int thread) {
    List<Call<Integer, Integer>> calls = desks[thread].calls;
    return !calls.isEmpty() && calls.get(calls.size() - 1).giveUp(CallEnd.CANCELLED);
  }

  @Validate
  public void everyCallEndsOnce() {
    for (int i = 0; i < THREADS; i++) {
      answer(i);
      while (take(i) != 0) {
        answer(i);
      }
    }
    Rig.runAll(rig.completions);
    int left = Rig.leftInside(slot);
    if (left != 0) {
      throw new AssertionError("left inside: " + left);
    }
    for (Desk desk : desks) {
      for (int i = 0; i < desk.calls.size(); i++) {
        desk.answers.get(i).requireEnd(desk.calls.get(i));
      }
    }
  }

  public static final class Spec {
    private final Queue<Integer> waiting = new ArrayDeque<>();
    private final int[] calls = new int[THREADS];
    private final int[] taken = new int[THREADS];
    private final Set<Integer> running = new HashSet<>();

    public int submit(int thread) {
      int row = row(thread, calls[thread]++);
      waiting.add(row);
      return row;
    }

    public int take(int thread) {
      if (taken[thread] != 0) {
        return -1;
      }
      if (waiting.isEmpty()) {
        return 0;
      }
      taken[thread] = waiting.remove();
      running.add(taken[thread]);
      return taken[thread];
    }

    public boolean answer(int thread) {
      boolean welcome = running.remove(taken[thread]);
      taken[thread] = 0;
      return welcome;
    }

    public boolean giveUp(int thread) {
      int last = row(thread, calls[thread] - 1);
      return calls[thread] > 0 && (waiting.remove(last) || running.remove(last));
    }
  }
}
