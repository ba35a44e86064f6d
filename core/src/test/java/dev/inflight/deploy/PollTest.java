package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.inflight.deploy.DeploymentStatus.State;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

/** A poll out of turn: of a deployment whose turn is never. */
class PollTest extends DeploymentFixture {
  private Deployment.Builder<String, String> patient() {
    return scripted().pollEvery(Duration.ofDays(1));
  }

  @Test
  void poll_newVersion_servesLongBeforeItsTurn() throws Exception {
    repository.publish("1", "one");
    try (var iris = patient().start()) {
      repository.publish("2", "two");
      iris.poll();
      awaitEvent("live 2 after 1");
    }
  }

  @Test
  void poll_whileAnotherIsUnderWay_asksOnceMoreHoweverOftenItIsSaid() throws Exception {
    repository.publish("1", "one");
    try (var iris = patient().start()) {
      CountDownLatch underWay = new CountDownLatch(1);
      CountDownLatch next = new CountDownLatch(1);
      repository.pollGate = underWay;
      iris.poll();
      repository.awaitStuck();
      int before = repository.polls.get();
      for (int i = 0; i < 100; i++) {
        iris.poll();
      }
      repository.pollGate = next;
      underWay.countDown();
      await(() -> repository.polls.get() > before, repository.polls::get);
      repository.publish("2", "two");
      next.countDown();
      awaitEvent("live 2 after 1");
      assertThat(repository.polls.get()).isBetween(before + 1, before + 4);
    }
  }

  @Test
  void poll_firstFoundNothing_findsTheFirstVersion() throws Exception {
    try (var iris = patient().startAsync()) {
      await(() -> iris.ready().isCompletedExceptionally(), iris::status);
      repository.publish("1", "one");
      iris.poll();
      awaitState(iris, "1", State.LIVE);
    }
    assertNothingLeft();
  }
}
