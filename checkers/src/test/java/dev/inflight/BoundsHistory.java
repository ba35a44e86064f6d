package dev.inflight;

import java.util.ArrayList;
import java.util.List;
import org.jetbrains.lincheck.datastructures.BooleanGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;
import org.jetbrains.lincheck.datastructures.ThreadIdGen;
import org.jetbrains.lincheck.datastructures.Validate;

/**
 * The queue's ledger. A call that is refused takes a share for a moment and may have another one
 * refused, so no sequential queue answers alike; what must hold is that the accepted ones fit, that
 * the ledger counts exactly those that wait, and that they end without another call coming along.
 */
@Param(name = "thread", gen = ThreadIdGen.class)
@Param(name = "heavy", gen = BooleanGen.class)
public class BoundsHistory {
  private static final int THREADS = 3;
  private static final int ROWS = 3;
  private static final int BYTES = 15;

  /** Two of the heavy rows are too many bytes, two calls of two light ones are too many rows. */
  private static final int HEAVY = 10;

  private static final int LIGHT = 1;

  /** A row takes as many bytes as it says. */
  private static final class Weighed extends ForwardingModel<Integer, Integer> {
    Weighed() {
      super(new Rig.Echo());
    }

    @Override
    public long bytes(Integer row) {
      return row;
    }
  }

  private final Rig rig = new Rig(1);
  private final ModelSlot<Integer, Integer> slot =
      ModelSlot.of(new Weighed(), rig.lanes, Batching.auto().withQueue(ROWS, BYTES));
  private final List<List<Call<Integer, Integer>>> calls = new ArrayList<>();
  private final List<List<Rig.Answer>> answers = new ArrayList<>();

  public BoundsHistory() {
    for (int i = 0; i < THREADS; i++) {
      calls.add(new ArrayList<>());
      answers.add(new ArrayList<>());
    }
  }

  @Operation(params = {"thread", "heavy"})
  public void submit(int thread, boolean heavy) {
    List<Integer> rows = heavy ? List.of(HEAVY) : List.of(LIGHT, LIGHT);
    Rig.Answer answer = new Rig.Answer();
    Call<Integer, Integer> call =
        new Call<>(slot.line(), rows, CallOptions.defaults(), null, answer);
    try {
      slot.accept(call, true);
    } catch (OverloadedException e) {
      return;
    }
    calls.get(thread).add(call);
    answers.get(thread).add(answer);
  }

  @Operation(params = "thread")
  public void giveUp(int thread) {
    List<Call<Integer, Integer>> own = calls.get(thread);
    if (!own.isEmpty()) {
      own.get(own.size() - 1).giveUp(CallEnd.CANCELLED);
    }
  }

  @Operation
  public void serve() {
    Runnable server = rig.servers.poll();
    if (server != null) {
      server.run();
    }
  }

  /** A caller that runs its own row. */
  @Operation
  public void runOwn() {
    Dispatcher dispatcher = rig.lanes.dispatcher();
    Lane lane = dispatcher.tryLane(null);
    if (lane != null) {
      dispatcher.leave(lane, null);
    }
  }

  @Validate
  public void nothingIsLost() {
    int rows = 0;
    int bytes = 0;
    int n = 0;
    for (List<Call<Integer, Integer>> own : calls) {
      for (Call<Integer, Integer> call : own) {
        if (call.isWaiting()) {
          n++;
          rows += call.size();
          bytes += (int) call.bytes();
        }
      }
    }
    Line<Integer, Integer> line = slot.line();
    if (rows != line.waiting() || bytes != Insides.bytes(line)) {
      throw new AssertionError(
          rows
              + " rows wait, counted "
              + line.waiting()
              + ", "
              + bytes
              + " bytes, counted "
              + Insides.bytes(line));
    }
    if (n > 1 && (rows > ROWS || bytes > BYTES)) {
      throw new AssertionError(rows + " rows, " + bytes + " bytes wait");
    }
    rig.runAll();
    int left = Rig.leftInside(slot);
    if (left != 0) {
      throw new AssertionError("left inside: " + left);
    }
    for (int i = 0; i < THREADS; i++) {
      for (int j = 0; j < calls.get(i).size(); j++) {
        answers.get(i).get(j).requireEnd(calls.get(i).get(j));
      }
    }
  }
}
