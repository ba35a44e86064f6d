package dev.inflight.deploy;

import java.util.Optional;

/**
 * What a version was measured to hold, and what the next one of the same model may need.
 *
 * @param fileBytes of all its files
 * @param bytes measured, outside the Java heap
 */
record Footprint(long fileBytes, long bytes) {
  /**
   * Memory per byte of file where nothing was measured yet: what TensorFlow Serving assumes ({@code
   * kResourceEstimateRAMMultiplier = 1.2} in its {@code servables/tensorflow/util.cc}).
   */
  static final double PER_FILE_BYTE = 1.2;

  Footprint {
    if (fileBytes < 0 || bytes < 0) {
      throw new IllegalArgumentException(
          "footprint: expected at least 0 B, got " + bytes + " of " + fileBytes + " B in files");
    }
  }

  /**
   * {@return bytes that a version with files of this size may need, rounded up}
   *
   * @param last that of the version before, which is scaled by the size of its files
   */
  static long estimate(long fileBytes, Optional<Footprint> last) {
    if (fileBytes < 0) {
      throw new IllegalArgumentException("files: expected at least 0 B, got " + fileBytes);
    }
    double perByte =
        last.filter(known -> known.fileBytes > 0 && known.bytes > 0)
            .map(known -> known.bytes / (double) known.fileBytes)
            .orElse(PER_FILE_BYTE);
    return (long) Math.ceil(fileBytes * perByte - 1e-6);
  }
}
