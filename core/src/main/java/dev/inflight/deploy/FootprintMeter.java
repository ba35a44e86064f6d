package dev.inflight.deploy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * Measures what a load added to the resident memory of the process. One meter per process; any
 * thread.
 */
final class FootprintMeter {
  /*
   * The process has one figure, so growth is believed only where little else can have caused it: growth of the used heap
   * is taken off (its pages become resident when they are first used), measurements that overlap say nothing, and what is
   * left must be more than the 15 MB by which a steady process of reloads was seen to swing.
   */
  static final long NOISE = 16L << 20;

  /** The meter of this process: resident memory by {@code /proc}, where there is one. */
  static final FootprintMeter PROCESS =
      new FootprintMeter(() -> residentBytes(Path.of("/proc/self/status")), FootprintMeter::heap);

  /** Sees nothing. */
  static final FootprintMeter NONE = new FootprintMeter(OptionalLong::empty, () -> 0L);

  private final Supplier<OptionalLong> resident;
  private final Supplier<Long> usedHeap;
  private long begun;
  private int open;

  FootprintMeter(Supplier<OptionalLong> resident, Supplier<Long> usedHeap) {
    this.resident = resident;
    this.usedHeap = usedHeap;
  }

  /** One load; not shared by threads. */
  final class Measurement implements AutoCloseable {
    private final OptionalLong residentBefore;
    private final long heapBefore;
    private final boolean overlapped;
    private final long ticket;
    private boolean closed;

    private Measurement(boolean overlapped, long ticket) {
      this.overlapped = overlapped;
      this.ticket = ticket;
      residentBefore = resident.get();
      heapBefore = usedHeap.get();
    }

    /**
     * {@return the larger of the model's own figure and what the load added; empty if neither says
     * anything, and the estimate has to do} Call it when the model is warm.
     *
     * @param ownFigure {@link dev.inflight.Model#memoryBytes()}
     */
    OptionalLong bytes(long ownFigure) {
      long footprint = Math.max(ownFigure, growth());
      return footprint > 0 ? OptionalLong.of(footprint) : OptionalLong.empty();
    }

    private long growth() {
      if (overlapped || !alone(ticket)) {
        return 0;
      }
      OptionalLong after = resident.get();
      if (residentBefore.isEmpty() || after.isEmpty()) {
        return 0;
      }
      long heap = Math.max(0, usedHeap.get() - heapBefore);
      long growth = after.getAsLong() - residentBefore.getAsLong() - heap;
      return growth > NOISE ? growth : 0;
    }

    /** The load is over, however it ended. */
    @Override
    public void close() {
      if (!closed) {
        closed = true;
        end();
      }
    }
  }

  /** Begins before a load; close it after. */
  Measurement begin() {
    boolean overlapped;
    long ticket;
    synchronized (this) {
      overlapped = open++ > 0;
      ticket = ++begun;
    }
    return new Measurement(overlapped, ticket);
  }

  private synchronized boolean alone(long ticket) {
    return begun == ticket;
  }

  private synchronized void end() {
    open--;
  }

  /**
   * {@return {@code VmRSS} of a status file} It is the figure of {@code statm}, in kB: the size of
   * a page, statm's unit, is not to be had in Java. The exact {@code smaps_rollup} walks all page
   * tables.
   */
  static OptionalLong residentBytes(Path status) {
    try (Stream<String> lines = Files.lines(status)) {
      return lines
          .filter(line -> line.matches("VmRSS:\\s+\\d{1,12} kB"))
          .mapToLong(line -> 1024 * Long.parseLong(line.replaceAll("\\D", "")))
          .findFirst();
    } catch (IOException | java.io.UncheckedIOException e) {
      return OptionalLong.empty();
    }
  }

  private static long heap() {
    Runtime runtime = Runtime.getRuntime();
    return runtime.totalMemory() - runtime.freeMemory();
  }
}
