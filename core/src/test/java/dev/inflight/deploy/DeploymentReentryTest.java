package dev.inflight.deploy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.InferenceException;
import dev.inflight.InferenceListener;
import dev.inflight.InferenceRun;
import dev.inflight.ModelInfo;
import dev.inflight.OverloadedException;
import dev.inflight.Prediction;
import dev.inflight.deploy.DeploymentStatus.State;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** Closing under load, and operators who act from inside a call-back. */
class DeploymentReentryTest extends DeploymentFixture {
  @Test
  void close_underLoad_endsEveryCall() throws Exception {
    repository.publish("1", "one");
    var pool = Executors.newFixedThreadPool(8);
    var iris = scripted().start();
    CountDownLatch running = new CountDownLatch(8);
    AtomicInteger refused = new AtomicInteger();
    List<Future<?>> threads = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      threads.add(
          pool.submit(
              () -> {
                List<CompletableFuture<Prediction<String>>> calls = new ArrayList<>();
                try {
                  for (int call = 0; call < 1_000_000; call++) {
                    try {
                      assertThat(iris.predictor().predict("a")).isEqualTo("one:a");
                      if (call % 16 == 0) {
                        calls.add(iris.predictor().submit("b"));
                      }
                    } catch (OverloadedException e) {
                      Thread.onSpinWait(); // there is no room for it now
                    }
                    if (call == 32) {
                      running.countDown();
                    }
                  }
                } catch (InferenceException e) {
                  refused.incrementAndGet();
                }
                for (CompletableFuture<Prediction<String>> call : calls) {
                  try {
                    assertThat(call.get(20, TimeUnit.SECONDS).value()).isEqualTo("one:b");
                  } catch (ExecutionException e) {
                    assertThat(e).hasCauseInstanceOf(InferenceException.class);
                  }
                }
                return calls.size();
              }));
    }
    assertThat(running.await(20, TimeUnit.SECONDS)).isTrue();
    iris.close();
    for (Future<?> thread : threads) {
      thread.get(30, TimeUnit.SECONDS);
    }
    assertThat(refused).hasValue(8);
    pool.shutdownNow();
    assertNothingLeft();
  }

  @Test
  void listener_rollsBackRejectsAndCloses_doesNotDeadlock() throws Exception {
    CompletableFuture<Deployment<String, String>> self = new CompletableFuture<>();
    CountDownLatch closed = new CountDownLatch(1);
    DeploymentListener operator =
        new DeploymentListener() {
          @Override
          public void onLive(ModelInfo model, Optional<ModelInfo> before) {
            Deployment<String, String> iris = self.join();
            switch (model.version()) {
              case "2" -> iris.rollback("from a listener");
              case "3" -> iris.reject("3", "from a listener");
              case "4" -> {
                iris.close();
                closed.countDown();
              }
              default -> {
                // stays
              }
            }
          }
        };
    repository.publish("1", "one");
    var iris = scripted().listen(operator).start();
    self.complete(iris);
    for (String version : List.of("2", "3")) {
      repository.publish(version, "v" + version);
      awaitState(iris, version, State.REJECTED);
      assertThat(iris.predictor().predict("a")).isEqualTo("one:a");
    }
    repository.publish("4", "four");
    assertThat(closed.await(20, TimeUnit.SECONDS)).isTrue();
    assertNothingLeft();
  }

  @Test
  void continuation_rollsBackAndCloses_doesNotDeadlock() throws Exception {
    repository.publish("1", "one");
    var iris = scripted().start();
    awaitEvent("live 1");
    repository.publish("2", "two");
    awaitEvent("live 2");
    iris.predictor()
        .submit("a")
        .thenRun(() -> iris.rollback("from a continuation"))
        .get(20, TimeUnit.SECONDS);
    assertThat(iris.predictor().predict("a")).isEqualTo("one:a");
    long begin = System.nanoTime();
    iris.predictor().submit("a").thenRun(iris::close).get(20, TimeUnit.SECONDS);
    assertThat(System.nanoTime() - begin).isLessThan(TimeUnit.SECONDS.toNanos(5));
    assertThatThrownBy(() -> iris.predictor().predict("a")).isInstanceOf(InferenceException.class);
    assertNothingLeft();
  }

  @Test
  void ready_continuationCloses_doesNotDeadlock() throws Exception {
    repository.fetchGate = new CountDownLatch(1);
    repository.publish("1", "one");
    var iris = scripted().startAsync();
    var closed = iris.ready().thenRun(iris::close);
    repository.fetchGate.countDown();
    closed.get(20, TimeUnit.SECONDS);
    assertNothingLeft();
  }

  @Test
  void gate_closes_doesNotDeadlock() throws Exception {
    CompletableFuture<Deployment<String, String>> self = new CompletableFuture<>();
    CountDownLatch closed = new CountDownLatch(1);
    Gate<String, String> gate =
        candidate -> {
          self.join().close();
          closed.countDown();
          return "";
        };
    repository.publish("1", "one");
    self.complete(scripted().gate(gate).startAsync());
    assertThat(closed.await(20, TimeUnit.SECONDS)).isTrue();
    assertNothingLeft();
  }

  @Test
  void inferenceListener_closes_doesNotDeadlock() throws Exception {
    CompletableFuture<Deployment<String, String>> self = new CompletableFuture<>();
    CountDownLatch closed = new CountDownLatch(1);
    repository.publish("1", "one");
    var iris =
        scripted()
            .listen(
                new InferenceListener() {
                  @Override
                  public void onRun(InferenceRun run) {
                    self.join().close();
                    closed.countDown();
                  }
                })
            .start();
    self.complete(iris);
    assertThat(iris.predictor().predict("a")).isEqualTo("one:a");
    assertThat(closed.await(20, TimeUnit.SECONDS)).isTrue();
    assertNothingLeft();
  }
}
