package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** Since when what a deployment knows of its versions is true. */
class LastHeardTest extends DeploymentFixture {
  @Test
  void lastHeard_beforeTheFirstAnswer_isEmpty() throws Exception {
    repository.pollGate = new CountDownLatch(1);
    repository.publish("1", "one");
    try (var iris = scripted().startAsync()) {
      repository.awaitStuck();
      assertThat(iris.status().lastHeard()).isEmpty();
      repository.unreachable = true;
      repository.pollGate.countDown();
      await(iris, status -> status.problem().isPresent());
      assertThat(iris.status().lastHeard()).as("a failure is no answer").isEmpty();
      repository.unreachable = false;
      await(iris, status -> status.lastHeard().isPresent());
    }
  }

  @Test
  void lastHeard_whileTheSourceIsAway_staysAndWhatServesServes() throws Exception {
    repository.publish("1", "one");
    Instant begin = Instant.now();
    try (var iris = scripted().start()) {
      repository.unreachable = true;
      repository.awaitPoll();
      Instant heard = iris.status().lastHeard().orElseThrow();
      assertThat(heard).isBetween(begin, Instant.now());
      for (int i = 0; i < 10; i++) {
        repository.awaitPoll();
        assertThat(iris.predictor().predict("a")).isEqualTo("one:a");
        assertThat(iris.status().lastHeard()).contains(heard);
      }
      repository.unreachable = false;
      await(iris, status -> status.lastHeard().orElseThrow().isAfter(heard));
      repository.awaitPoll();
      assertThat(iris.status().lastHeard().orElseThrow()).isBeforeOrEqualTo(Instant.now());
    }
  }

  @Test
  void lastHeard_ofARepositoryThatRemembers_isWhatItSays() throws Exception {
    Instant then = Instant.parse("2026-01-02T03:04:05Z");
    repository.asOf = Optional.of(then);
    repository.publish("1", "one");
    try (var iris = scripted().start()) {
      assertThat(iris.status().lastHeard()).contains(then);
      assertThat(iris.predictor().predict("a")).isEqualTo("one:a");
      repository.awaitPoll();
      assertThat(iris.status().lastHeard()).contains(then);
      assertThat(iris.status().problem()).isEmpty();
      repository.asOf = Optional.empty();
      await(iris, status -> status.lastHeard().orElseThrow().isAfter(then));
    }
  }
}
