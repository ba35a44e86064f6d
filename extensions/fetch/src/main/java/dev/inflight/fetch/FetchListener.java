package dev.inflight.fetch;

/**
 * Told how far a fetch is, about once a MiB and at the end of each file, on the thread that writes:
 * it must be quick. What it throws ends the fetch.
 */
@FunctionalInterface
public interface FetchListener {
  /** Tells nobody. */
  FetchListener NONE = progress -> {};

  /** Some bytes of a file have arrived. */
  void onProgress(Progress progress);

  /**
   * How far a fetch is.
   *
   * @param version name and version, as messages call it
   * @param file that is being written
   * @param fileBytes of it that are there
   * @param expectedFileBytes as its source says; -1 if it does not
   * @param bytes of the version that are there
   */
  record Progress(
      String version, String file, long fileBytes, long expectedFileBytes, long bytes) {}
}
