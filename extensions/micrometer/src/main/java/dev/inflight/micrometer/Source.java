package dev.inflight.micrometer;

import java.util.List;

/** Something whose figures are shown. Any thread. */
interface Source {
  /** {@return a gauge that is always there and never changes; no two sources have the same} */
  Sample anchor();

  /**
   * {@return all figures now, the anchor included; no two of one key}
   *
   * @param percentiles whether to compute them: for registries that do not take histograms
   */
  List<Sample> read(boolean percentiles);
}
