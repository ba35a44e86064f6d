package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a load is taken to hold. */
class FootprintTest {
  private static final long MIB = 1 << 20;

  private OptionalLong resident = OptionalLong.of(100 * MIB);
  private long heap = 10 * MIB;
  private final FootprintMeter meter = new FootprintMeter(() -> resident, () -> heap);

  @Test
  void estimate_nothingMeasured_isTheFilesTimesTheFactor() {
    assertThat(Footprint.estimate(1_000, Optional.empty())).isEqualTo(1_200);
    assertThat(Footprint.estimate(1_001, Optional.empty())).as("rounded up").isEqualTo(1_202);
    assertThat(Footprint.estimate(0, Optional.empty())).isZero();
    assertThat(Footprint.estimate(Long.MAX_VALUE, Optional.empty())).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void estimate_measuredBefore_scalesByFileSizes() {
    assertThat(Footprint.estimate(200, Optional.of(new Footprint(100, 350)))).isEqualTo(700);
    assertThat(Footprint.estimate(50, Optional.of(new Footprint(100, 350)))).isEqualTo(175);
    assertThat(Footprint.estimate(50, Optional.of(new Footprint(0, 350)))).isEqualTo(60);
    assertThat(Footprint.estimate(50, Optional.of(new Footprint(9, 0)))).isEqualTo(60);
    assertThatThrownBy(() -> Footprint.estimate(-1, Optional.empty()))
        .hasMessageContaining("got -1");
    assertThatThrownBy(() -> new Footprint(1, -1)).hasMessageContaining("got -1 of 1 B");
  }

  @Test
  void bytes_growthOrOwnFigure_isTheLarger() {
    try (FootprintMeter.Measurement measurement = meter.begin()) {
      resident = OptionalLong.of(150 * MIB);
      assertThat(measurement.bytes(0)).hasValue(50 * MIB);
      assertThat(measurement.bytes(20 * MIB)).hasValue(50 * MIB);
      assertThat(measurement.bytes(80 * MIB)).hasValue(80 * MIB);
    }
  }

  @Test
  void bytes_growthOfTheHeap_isTakenOff() {
    try (FootprintMeter.Measurement measurement = meter.begin()) {
      resident = OptionalLong.of(150 * MIB);
      heap += 20 * MIB;
      assertThat(measurement.bytes(0)).hasValue(30 * MIB);
      heap = 0;
      assertThat(measurement.bytes(0)).as("collected").hasValue(50 * MIB);
    }
  }

  @Test
  void bytes_growthWithinNoiseOrShrunkOrUnknown_isTheOwnFigureOrEmpty() {
    try (FootprintMeter.Measurement measurement = meter.begin()) {
      resident = OptionalLong.of(100 * MIB + FootprintMeter.NOISE);
      assertThat(measurement.bytes(0)).isEmpty();
      assertThat(measurement.bytes(7)).hasValue(7);
      resident = OptionalLong.of(MIB);
      assertThat(measurement.bytes(7)).hasValue(7);
      resident = OptionalLong.empty();
      assertThat(measurement.bytes(7)).hasValue(7);
    }
  }

  @Test
  void bytes_loadsOverlap_countNobodysGrowthTwice() {
    FootprintMeter.Measurement first = meter.begin();
    FootprintMeter.Measurement second = meter.begin();
    resident = OptionalLong.of(500 * MIB);
    assertThat(first.bytes(3)).hasValue(3);
    first.close();
    first.close();
    assertThat(second.bytes(4)).hasValue(4);
    second.close();
    try (FootprintMeter.Measurement alone = meter.begin()) {
      resident = OptionalLong.of(600 * MIB);
      assertThat(alone.bytes(0)).hasValue(100 * MIB);
    }
  }

  @Test
  void residentBytes_statusFile_isRead(@TempDir Path directory) throws IOException {
    Path status = directory.resolve("status");
    assertThat(FootprintMeter.residentBytes(status)).isEmpty();
    Files.writeString(status, "Name:\tjava\nVmHWM:\t  9 kB\nVmRSS:\t    2048 kB\n");
    assertThat(FootprintMeter.residentBytes(status)).hasValue(2 * MIB);
    Files.writeString(status, "VmRSS:\t many kB\n");
    assertThat(FootprintMeter.residentBytes(status)).isEmpty();
  }
}
