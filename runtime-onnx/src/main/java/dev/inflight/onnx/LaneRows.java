package dev.inflight.onnx;

import dev.inflight.Lane;
import dev.inflight.tensor.RowBuffers;
import java.nio.ByteBuffer;
import org.jspecify.annotations.Nullable;

/**
 * A runner's part of the lane's memory: its inputs, and its outputs behind them.
 *
 * <p>Invariant: both lie in {@code block}, the lane's memory when they were placed.
 */
final class LaneRows {
  private final Lane lane;
  private final RowBuffers in;
  private final RowBuffers out;
  private @Nullable ByteBuffer block;
  private int capacity;
  private long size;

  LaneRows(Lane lane, RowBuffers in, RowBuffers out) {
    this.lane = lane;
    this.in = in;
    this.out = out;
  }

  /**
   * Makes room for that many rows; keeps everything where it is as long as there is room.
   *
   * @return whether it is elsewhere now
   */
  @SuppressWarnings("ReferenceEquality") // buffers are equal by content
  boolean place(int n) {
    if (n <= capacity && lane.memory(size) == block) {
      return false;
    }
    int wanted = Math.max(n, capacity);
    long inBytes = in.bytes(wanted);
    long outBytes = out.bytes(wanted);
    ByteBuffer memory = lane.memory(inBytes + outBytes);
    in.place(memory, wanted);
    out.place(memory.slice((int) inBytes, (int) outBytes), wanted);
    block = memory;
    capacity = wanted;
    size = inBytes + outBytes;
    return true;
  }
}
