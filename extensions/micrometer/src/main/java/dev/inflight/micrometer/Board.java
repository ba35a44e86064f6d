package dev.inflight.micrometer;

import java.util.LinkedHashMap;
import java.util.Map;

/** What one registry shows of one source. One thread at a time. */
final class Board {
  private final Source source;
  private final boolean percentiles;
  private Map<Sample.Key, Sample> shown = Map.of();

  Board(Source source, boolean percentiles) {
    this.source = source;
    this.percentiles = percentiles;
  }

  /** {@return all figures now, in their order} */
  Map<Sample.Key, Sample> refresh() {
    Map<Sample.Key, Sample> now = new LinkedHashMap<>();
    for (Sample sample : source.read(percentiles)) {
      Sample before = shown.get(sample.key());
      now.put(sample.key(), before == null ? sample : sample.after(before));
    }
    shown = now;
    return now;
  }
}
