package dev.inflight;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import jdk.jfr.Configuration;
import jdk.jfr.EventType;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Records, and reads back. */
@Timeout(120)
class FlightEventsTest {
  /** The settings that the guide names. */
  private static final Path SETTINGS =
      Path.of(System.getProperty("inflight.root"), "docs/inflight.jfc");

  @TempDir Path directory;

  private static FakeModel model(String version) {
    return new FakeModel(
        version,
        rows -> {
          if (rows.contains("fail")) {
            throw new IllegalStateException("no");
          }
          if (rows.contains("slow")) {
            long end = System.nanoTime() + 2 * FlightEvents.SLOW;
            while (System.nanoTime() - end < 0) {
              Thread.onSpinWait();
            }
          }
          return FakeModel.echo(version, rows);
        });
  }

  private List<RecordedEvent> record(Recording recording, Runnable what) throws IOException {
    Path file = directory.resolve("flight.jfr");
    try (recording) {
      recording.start();
      what.run();
      recording.stop();
      recording.dump(file);
    }
    List<RecordedEvent> ours = new ArrayList<>();
    for (RecordedEvent event : RecordingFile.readAllEvents(file)) {
      if (event.getEventType().getName().startsWith("inflight.")) {
        ours.add(event);
      }
    }
    return ours;
  }

  private static List<RecordedEvent> named(List<RecordedEvent> events, String name) {
    return events.stream().filter(e -> e.getEventType().getName().equals(name)).toList();
  }

  private static void fly() {
    try (Lanes lanes = Lanes.of(1)) {
      ModelSlot<String, String> slot = ModelSlot.of(model("1"), lanes);
      slot.predictor().submit("a").get(10, TimeUnit.SECONDS);
      slot.predictor().predict("b");
      slot.predictor().predict("slow");
      assertThatThrownBy(() -> slot.predictor().predict("fail"))
          .isInstanceOf(PredictionFailedException.class);
      slot.swap(model("2")).get(10, TimeUnit.SECONDS);
      slot.close();
      assertThatThrownBy(() -> slot.predictor().predict("a"))
          .isInstanceOf(ModelUnavailableException.class);
    } catch (Exception e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void record_ourSettings_everythingIsThere() throws Exception {
    Configuration settings = Configuration.create(SETTINGS);
    List<RecordedEvent> events = record(new Recording(settings), FlightEventsTest::fly);

    RecordedEvent batch = named(events, "inflight.Batch").get(0);
    assertThat(batch.getString("model")).isEqualTo("fake");
    assertThat(batch.getString("version")).isEqualTo("1");
    assertThat(batch.getInt("rows")).isEqualTo(1);
    assertThat(batch.getInt("answered")).isEqualTo(1);
    assertThat(batch.getString("release")).isEqualTo("LANE");
    assertThat(batch.getDuration("queueTime")).isPositive();
    assertThat(batch.getDuration()).isPositive();

    RecordedEvent slow = named(events, "inflight.Predict").get(0);
    assertThat(slow.getDuration("runTime").toNanos()).isGreaterThanOrEqualTo(FlightEvents.SLOW);

    RecordedEvent failure = named(events, "inflight.Failure").get(0);
    assertThat(failure.getString("end")).isEqualTo("FAILED");
    assertThat(failure.getInt("predictions")).isEqualTo(1);
    RecordedEvent reject = named(events, "inflight.Reject").get(0);
    assertThat(reject.getString("end")).isEqualTo("UNAVAILABLE");
    assertThat(reject.getString("version")).isEmpty();

    assertThat(named(events, "inflight.Swap").get(0).getString("before")).isEmpty();
    RecordedEvent swap = named(events, "inflight.Swap").get(1);
    assertThat(swap.getString("before")).isEqualTo("1");
    assertThat(swap.getString("version")).isEqualTo("2");
    assertThat(named(events, "inflight.Retire"))
        .extracting(event -> event.getString("version"))
        .containsExactly("1", "2");
  }

  @Test
  void record_defaultSettings_quickRunsAreLeftOut() throws Exception {
    List<RecordedEvent> events = record(new Recording(), FlightEventsTest::fly);
    assertThat(named(events, "inflight.Batch")).isEmpty();
    assertThat(named(events, "inflight.Swap")).hasSize(2);
    assertThat(named(events, "inflight.Failure")).hasSize(1);
  }

  @Test
  void settings_everyEventOfOurs_isNamed() throws Exception {
    fly(); // registers them
    String settings = Files.readString(SETTINGS);
    for (EventType type : FlightRecorder.getFlightRecorder().getEventTypes()) {
      if (type.getName().startsWith("inflight.")) {
        assertThat(settings).contains("name=\"" + type.getName() + "\"");
        assertThat(type.getDescription()).isNotBlank();
      }
    }
  }
}
