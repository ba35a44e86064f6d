package dev.inflight.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import org.junit.jupiter.api.Test;

final class ProcessorTimeTest {
  private static final long SECOND = 1_000_000_000;

  @Test
  void busyTicks_statLine_leavesOutIdleAndGuests() {
    assertThat(ProcessorTime.busyTicks("cpu  100 20 30 4000 500 6 7 8 90 10")).isEqualTo(171);
  }

  @Test
  void busyTicks_emptyLine_isNothing() {
    assertThat(ProcessorTime.busyTicks("")).isZero();
  }

  @Test
  void foreignSince_othersUseOneOfTwoCores_isAHalf() {
    ProcessorTime before = new ProcessorTime(0, 5 * SECOND, 10 * SECOND);
    ProcessorTime after = new ProcessorTime(SECOND, 6 * SECOND, 12 * SECOND);

    assertThat(after.foreignSince(before, 2)).isCloseTo(0.5, within(1e-9));
  }

  @Test
  void foreignSince_nobodyElse_isNothing() {
    ProcessorTime before = new ProcessorTime(0, 0, 0);
    ProcessorTime after = new ProcessorTime(SECOND, 2 * SECOND, 2 * SECOND - 10_000_000);

    assertThat(after.foreignSince(before, 2)).isZero();
  }

  @Test
  void foreignSince_machineUnknown_isNothing() {
    ProcessorTime before = new ProcessorTime(0, 0, -1);

    assertThat(new ProcessorTime(SECOND, 0, SECOND).foreignSince(before, 2)).isZero();
  }

  @Test
  void now_later_hasNotGoneBack() {
    ProcessorTime before = ProcessorTime.now();
    ProcessorTime after = ProcessorTime.now();

    assertThat(after.wall()).isGreaterThanOrEqualTo(before.wall());
    assertThat(after.own()).isGreaterThanOrEqualTo(before.own());
  }
}
