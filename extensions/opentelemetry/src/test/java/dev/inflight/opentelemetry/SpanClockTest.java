package dev.inflight.opentelemetry;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SpanClockTest {
  private final AtomicLong nanos = new AtomicLong(-500);
  private final AtomicLong wall = new AtomicLong(1_000_000);

  @Test
  void epoch_aroundTheAnchor_followsTheTicker() {
    SpanClock clock = new SpanClock(wall::get, nanos::get);
    SpanClock.Anchor anchor = clock.anchor(nanos.get());
    assertThat(anchor.epoch(-500)).isEqualTo(1_000_000);
    assertThat(anchor.epoch(-400)).isEqualTo(1_000_100);
    assertThat(anchor.epoch(-700)).isEqualTo(999_800);
  }

  @Test
  void anchor_wallClockIsSet_isReadAgainAfterASecond() {
    SpanClock clock = new SpanClock(wall::get, nanos::get);
    wall.set(90_000_000);
    SpanClock.Anchor before = clock.anchor(nanos.addAndGet(SpanClock.REFRESH - 1));
    assertThat(before.epoch(nanos.get())).isEqualTo(1_000_000 + SpanClock.REFRESH - 1);
    SpanClock.Anchor after = clock.anchor(nanos.addAndGet(1));
    assertThat(after.epoch(nanos.get())).isEqualTo(90_000_000);
    assertThat(before.epoch(nanos.get())).isEqualTo(1_000_000 + SpanClock.REFRESH);
  }

  @Test
  void anchor_threadLosesTheCpuWhileReading_takesTheTightestPair() {
    long[] pauses = {5_000, 20, 900};
    AtomicLong reads = new AtomicLong();
    SpanClock clock =
        new SpanClock(
            () -> {
              int read = (int) reads.getAndIncrement();
              long epoch = wall.addAndGet(1);
              nanos.addAndGet(pauses[read]);
              return epoch;
            },
            nanos::get);
    SpanClock.Anchor anchor = clock.anchor(nanos.get());
    assertThat(anchor.epochNanos()).isEqualTo(1_000_002); // the second reading
    assertThat(anchor.nanos()).isEqualTo(-500 + 5_000 + 10);
  }
}
