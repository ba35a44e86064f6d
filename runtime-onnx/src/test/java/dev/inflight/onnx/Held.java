package dev.inflight.onnx;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;

/** What this process holds, as Linux counts it. */
final class Held {
  private static final Path SELF = Path.of("/proc/self");
  private static final int PAGE_KIB = 4;

  private Held() {}

  static boolean isCountable() {
    return Files.isReadable(SELF.resolve("statm"));
  }

  /** Resident memory, in KiB. */
  static long rss() {
    try {
      return PAGE_KIB * Long.parseLong(Files.readString(SELF.resolve("statm")).split(" ", -1)[1]);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static long threads() {
    return entries(SELF.resolve("task"));
  }

  static long openFiles() {
    return entries(SELF.resolve("fd"));
  }

  static long entries(Path directory) {
    try (Stream<Path> list = Files.list(directory)) {
      return list.count();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The median of {@code samples} from one share of them to another. */
  static long median(long[] samples, double from, double to) {
    long[] part =
        Arrays.copyOfRange(
            samples, (int) (from * samples.length), Math.max(1, (int) (to * samples.length)));
    Arrays.sort(part);
    return part[part.length / 2];
  }

  /** Growth per sample over the second half, by least squares. */
  static double slope(long[] samples) {
    int begin = samples.length / 2;
    int n = samples.length - begin;
    double meanX = (n - 1) / 2.0;
    double meanY = Arrays.stream(samples, begin, samples.length).average().orElseThrow();
    double xy = 0;
    double xx = 0;
    for (int i = 0; i < n; i++) {
      xy += (i - meanX) * (samples[begin + i] - meanY);
      xx += (i - meanX) * (i - meanX);
    }
    return xy / xx;
  }
}
