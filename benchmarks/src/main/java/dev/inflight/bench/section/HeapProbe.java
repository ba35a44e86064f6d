package dev.inflight.bench.section;

import java.lang.management.ManagementFactory;
import java.util.function.Consumer;

/** A sink that looks at the heap after a collection, a tenth through the rows and near the end. */
final class HeapProbe implements Consumer<float[]> {
  private final int earlyRow;
  private final int lateRow;
  private int rows;
  private double early = Double.NaN;
  private double late = Double.NaN;

  HeapProbe(int rows) {
    earlyRow = rows / 10;
    lateRow = rows - rows / 20;
  }

  @Override
  public void accept(float[] answer) {
    rows++;
    if (rows == earlyRow) {
      early = megabytes();
    } else if (rows == lateRow) {
      late = megabytes();
    }
  }

  private static double megabytes() {
    var memory = ManagementFactory.getMemoryMXBean();
    memory.gc();
    return memory.getHeapMemoryUsage().getUsed() / 1e6;
  }

  double early() {
    return early;
  }

  double late() {
    return late;
  }
}
