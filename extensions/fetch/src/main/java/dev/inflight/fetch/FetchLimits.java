package dev.inflight.fetch;

/**
 * What a version may be at most, whatever its source says.
 *
 * @param bytes of all files together
 * @param files in all
 * @param depth names in a path, the file's own included
 */
public record FetchLimits(long bytes, int files, int depth) {
  /** Checks the values. */
  public FetchLimits {
    if (bytes < 1 || files < 1 || depth < 1) {
      throw new IllegalArgumentException(
          "limits: expected at least 1 each, got "
              + bytes
              + " bytes, "
              + files
              + " files, depth "
              + depth);
    }
  }

  /** {@return 64 GiB, 10 000 files, 16 names} */
  public static FetchLimits defaults() {
    return new FetchLimits(64L << 30, 10_000, 16);
  }

  /** {@return this with that many bytes} */
  public FetchLimits withBytes(long most) {
    return new FetchLimits(most, files, depth);
  }

  /** {@return this with that many files} */
  public FetchLimits withFiles(int most) {
    return new FetchLimits(bytes, most, depth);
  }
}
