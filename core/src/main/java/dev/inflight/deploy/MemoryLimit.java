package dev.inflight.deploy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * The least memory limit of the control groups that this process is in, up to the root of what is
 * mounted: any of them kills it.
 *
 * @param mount {@code /sys/fs/cgroup}: of cgroup v2, of v1 with one directory per controller, or
 *     both
 * @param membership {@code /proc/self/cgroup}: {@code 0::/path} of v2, {@code 4:memory:/path} of v1
 */
record MemoryLimit(Path mount, Path membership) {
  /** v1 says "none" by the largest number of whole pages; no machine has this much. */
  private static final long NONE = 1L << 60;

  /** {@return empty where nothing limits this process, or there are no control groups} */
  OptionalLong bytes() {
    LongLeast least = new LongLeast();
    least.along(mount, "", "memory.max");
    least.along(mount.resolve("memory"), "", "memory.limit_in_bytes");
    for (String line : lines(membership)) {
      String[] parts = line.split(":", 3);
      if (parts.length < 3) {
        continue;
      }
      if (parts[1].isEmpty()) {
        least.along(mount, parts[2], "memory.max");
        least.along(mount.resolve("unified"), parts[2], "memory.max");
      } else if (List.of(parts[1].split(",")).contains("memory")) {
        least.along(mount.resolve("memory"), parts[2], "memory.limit_in_bytes");
      }
    }
    return least.value < NONE ? OptionalLong.of(least.value) : OptionalLong.empty();
  }

  private static final class LongLeast {
    long value = NONE;

    /** Reads the file in a group and in all above it; a container may not see its own path. */
    void along(Path root, String group, String file) {
      String relative = group.startsWith("/") ? group.substring(1) : group;
      Path at = root.resolve(relative).normalize();
      while (at != null && at.startsWith(root)) {
        lines(at.resolve(file)).stream()
            .limit(1)
            .filter(line -> line.matches("\\d{1,19}"))
            .flatMap(line -> parse(line).stream().boxed())
            .forEach(limit -> value = Math.min(value, limit));
        at = at.getParent();
      }
    }

    private static OptionalLong parse(String digits) {
      try {
        return OptionalLong.of(Long.parseLong(digits));
      } catch (NumberFormatException e) {
        return OptionalLong.empty(); // 19 digits may pass 2^63: none
      }
    }
  }

  private static List<String> lines(Path file) {
    try (Stream<String> lines = Files.lines(file)) {
      return lines.map(String::strip).toList();
    } catch (IOException | java.io.UncheckedIOException e) {
      return List.of();
    }
  }

  /** {@return what a share of the memory leaves beside the heap}, all in bytes. */
  static long besideHeap(double share, long memory, long maxHeap) {
    if (!(share > 0 && share <= 1)) {
      throw new IllegalArgumentException("memory budget: expected a share in (0, 1], got " + share);
    }
    long bytes = (long) (share * memory) - maxHeap;
    if (bytes <= 0) {
      throw new IllegalStateException(
          "memory budget: expected room beside the Java heap in "
              + share
              + " of "
              + MemoryBudget.size(memory)
              + ", got a heap of up to "
              + MemoryBudget.size(maxHeap));
    }
    return bytes;
  }
}
