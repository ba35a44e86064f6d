package dev.inflight.requestlog;

import java.util.concurrent.atomic.LongAdder;

/** Counts behind {@link RequestLogStats}. */
final class Counters {
  final LongAdder sampled = new LongAdder();
  final LongAdder written = new LongAdder();
  final LongAdder replaced = new LongAdder();
  final LongAdder dropped = new LongAdder();
  final LongAdder failed = new LongAdder();
  final LongAdder withheld = new LongAdder();

  RequestLogStats snapshot() {
    return new RequestLogStats(
        sampled.sum(), written.sum(), replaced.sum(), dropped.sum(), failed.sum(), withheld.sum());
  }
}
