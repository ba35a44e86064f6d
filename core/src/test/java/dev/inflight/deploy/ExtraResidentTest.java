package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.deploy.DeploymentStatus.State;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Versions beside the live one, while a newer one is on its way. */
class ExtraResidentTest extends DeploymentFixture {
  @Test
  void latestTwo_newestFails_extraWasNeverUnloaded() throws Exception {
    repository.publish("1", "one");
    repository.publish("2", "two");
    try (var iris = scripted().keep(0).policy(VersionPolicy.latest(2)).start()) {
      awaitState(iris, "1", State.RETAINED);
      repository.publish("3", "broken");
      awaitState(iris, "3", State.FAILED);
      repository.awaitPoll();
      assertThat(state(iris, "1")).isEqualTo(State.RETAINED);
      assertThat(loader.loaded).containsExactlyInAnyOrder("one", "two", "broken");
      assertThat(loader.closed).isEmpty();
      repository.publish("4", "four");
      awaitState(iris, "4", State.LIVE);
      awaitState(iris, "1", State.RETIRED);
      assertThat(state(iris, "2")).isEqualTo(State.RETAINED);
    }
    assertNothingLeft();
  }

  @Test
  void candidate_liveChangesAtItsGate_seesWhatServesThen() throws Exception {
    CountDownLatch gated = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    List<String> seen = new CopyOnWriteArrayList<>();
    Gate<String, String> gate =
        candidate -> {
          if (candidate.info().version().equals("3")) {
            gated.countDown();
            go.await(20, TimeUnit.SECONDS);
            candidate.live().ifPresent(live -> seen.add(live.predictor().predict("a")));
          }
          return "";
        };
    repository.publish("1", "one");
    try (var iris = scripted().gate(gate).start()) {
      repository.publish("2", "two");
      awaitState(iris, "2", State.LIVE);
      repository.publish("3", "three");
      assertThat(gated.await(20, TimeUnit.SECONDS)).isTrue();
      iris.rollback("meanwhile");
      go.countDown();
      awaitState(iris, "3", State.LIVE);
      assertThat(seen).containsExactly("one:a");
    }
    assertNothingLeft();
  }
}
