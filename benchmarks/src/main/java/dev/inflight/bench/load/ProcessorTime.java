package dev.inflight.bench.load;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Who used the processors until now.
 *
 * @param wall this moment, in nanoseconds
 * @param own the time of this process
 * @param machine the busy time of all processors, or -1 where it is not known
 */
public record ProcessorTime(long wall, long own, long machine) {
  /** A round with more foreign load than this is marked. */
  public static final double MUCH = 0.3;

  private static final OperatingSystemMXBean SYSTEM =
      (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
  private static final Path STAT = Path.of("/proc/stat");
  private static final long NANOS_PER_TICK = 10_000_000;

  /** {@return as it is now} */
  public static ProcessorTime now() {
    long machine = -1;
    try (var lines = Files.lines(STAT)) {
      machine = busyTicks(lines.findFirst().orElse("")) * NANOS_PER_TICK;
    } catch (IOException e) {
      // not Linux: foreign load is not known
    }
    return new ProcessorTime(System.nanoTime(), SYSTEM.getProcessCpuTime(), machine);
  }

  /**
   * {@return the ticks that were not idle, from the first line of {@code /proc/stat}: all but the
   * fourth and fifth field, and but the guest times, which are in the user times already}
   */
  static long busyTicks(String line) {
    String[] fields = line.trim().split("\\s+", -1);
    long busy = 0;
    for (int i = 1; i < Math.min(fields.length, 9); i++) {
      if (i != 4 && i != 5) {
        busy += Long.parseLong(fields[i]);
      }
    }
    return busy;
  }

  /** {@return the share of {@code cores} processors that others used between then and this} */
  public double foreignSince(ProcessorTime then, int cores) {
    if (machine < 0 || then.machine < 0 || wall <= then.wall) {
      return 0;
    }
    double others = (machine - then.machine) - (own - then.own);
    return Math.max(0, Math.min(1, others / ((wall - then.wall) * (double) cores)));
  }
}
