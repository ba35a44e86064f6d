package dev.inflight.status;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.Ends;
import dev.inflight.InferenceStats;
import dev.inflight.VersionStats;
import dev.inflight.deploy.Deployment;
import dev.inflight.deploy.DeploymentStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PastTest {
  private static final Instant START = Instant.parse("2026-01-02T03:04:05Z");
  private static final DeploymentStatus STATUS =
      new DeploymentStatus(
          "m", Optional.empty(), List.of(), Optional.empty(), Optional.empty(), Optional.empty());

  private final Deployment<String, String> deployment =
      new Text(Duration.ZERO).publish("1", "a").deployment("m").start();
  private final InferenceStats blank = deployment.stats();
  private final Past past = new Past();

  @AfterEach
  void close() {
    deployment.close();
  }

  @Test
  void look_theFirst_isOfEverything() {
    Look look = look(7, 700);

    assertThat(look.window().total().ends().completed()).isEqualTo(700);
    assertThat(look.pace()).isEmpty();
  }

  @Test
  void look_later_isOfWhatCameSince() {
    look(0, 1000);
    look(2, 1200);
    Look look = look(4, 1300);

    assertThat(look.window().over()).isEqualTo(Duration.ofSeconds(4));
    assertThat(look.window().perSecond()).isEqualTo(75);
    assertThat(look.pace()).extracting(Look.Pace::perSecond).containsExactly(100.0, 50.0);
  }

  @Test
  void look_forAnHour_isOfTheLastMinute() {
    Look look = look(0, 0);
    for (int i = 1; i <= 3600; i++) {
      look = look(i, 10L * i);
      assertThat(look.window().over()).isLessThanOrEqualTo(Duration.ofSeconds(60));
      assertThat(look.pace().size()).isLessThanOrEqualTo(61);
    }
    assertThat(look.window().over()).isEqualTo(Duration.ofSeconds(60));
    assertThat(look.window().perSecond()).isEqualTo(10);
  }

  @Test
  void look_afterALongPause_isOfThePauseOnce() {
    look(0, 0);
    assertThat(look(600, 6000).window().over()).isEqualTo(Duration.ofMinutes(10));

    assertThat(look(602, 6100).window().perSecond()).isEqualTo(50);
  }

  @Test
  void look_twiceAtOnce_doesNotDivideByNothing() {
    look(0, 100);
    Look look = look(0, 200);

    assertThat(look.window().perSecond()).isFinite();
    assertThat(look.pace()).isEmpty();
  }

  private Look look(int second, long completed) {
    VersionStats none = blank.total();
    VersionStats total =
        new VersionStats(
            "",
            true,
            START,
            new Ends(completed, 0, 0, 0, 0, 0, 0),
            none.latency(),
            none.queued(),
            none.run(),
            none.rows(),
            none.encode(),
            none.decode(),
            none.releases());
    Instant at = START.plusSeconds(second);
    Duration age = Duration.ofSeconds(second + 1);
    return past.look(
        STATUS, new InferenceStats("m", at, age, total, List.of(), 0, blank.batching(), 0, 0));
  }
}
