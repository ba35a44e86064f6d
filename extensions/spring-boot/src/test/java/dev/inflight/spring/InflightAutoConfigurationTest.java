package dev.inflight.spring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.inflight.DeadlineExceededException;
import dev.inflight.ModelLoadException;
import dev.inflight.ModelLoader;
import dev.inflight.ModelUnavailableException;
import dev.inflight.Predictor;
import dev.inflight.deploy.Deployment;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.FilteredClassLoader;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.ApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

class InflightAutoConfigurationTest {
  @TempDir private Path directory;

  private final TextModels loader = new TextModels();

  private ApplicationContextRunner runner(String... models) {
    ApplicationContextRunner runner =
        new ApplicationContextRunner()
            .withConfiguration(
                AutoConfigurations.of(
                    InflightAutoConfiguration.class, InflightActuatorAutoConfiguration.class))
            .withBean("text", ModelLoader.class, () -> loader);
    for (String model : models) {
      runner =
          runner.withPropertyValues(
              property(model, "directory=" + directory), property(model, "poll-every=20ms"));
    }
    return runner;
  }

  private static String property(String model, String rest) {
    return "inflight.models." + model + "." + rest;
  }

  @Configuration(proxyBeanMethods = false)
  static class Callers {
    @Bean
    String answers(
        @Qualifier("fraud") Predictor<String, String> fraud,
        @Qualifier("churn") Predictor<String, String> churn,
        @Qualifier("churn") Deployment<String, String> deployment) {
      deployment.ready().join();
      return churn.predict("row");
    }
  }

  @Test
  void models_ofTheConfiguration_areBeansByTheirNames() throws Exception {
    TextModels.publish(directory, "fraud", 1, "f");
    TextModels.publish(directory, "churn", 3, "c");

    runner("fraud", "churn")
        .withUserConfiguration(Callers.class)
        .run(
            context -> {
              assertThat(context).hasNotFailed();
              assertThat(context.getBean("answers")).isEqualTo("c:row");
              Predictor<String, String> fraud = fraud(context);
              assertThat(fraud.predict("row")).isEqualTo("f:row");
              assertThat(context.getBean(InflightModels.class).deployments())
                  .containsOnlyKeys("churn", "fraud");
              assertThat(context).hasBean("fraudDeployment");
            });
    assertThat(loader.open).hasValue(0);
  }

  @Test
  void start_withoutADirectory_namesTheProperty() {
    runner()
        .withPropertyValues(property("fraud", "keep=2"))
        .run(
            context ->
                assertThat(context)
                    .getFailure()
                    .rootCause()
                    .hasMessageContaining("inflight.models.fraud.directory: expected"));
  }

  @Test
  void start_severalLoaders_needsTheName() throws Exception {
    TextModels.publish(directory, "fraud", 1, "f");
    ApplicationContextRunner two =
        runner("fraud").withBean("other", ModelLoader.class, TextModels::new);

    two.run(
        context ->
            assertThat(context)
                .getFailure()
                .rootCause()
                .hasMessageContaining("inflight.models.fraud.loader")
                .hasMessageContaining("other"));
    two.withPropertyValues(property("fraud", "loader=text"))
        .run(context -> assertThat(loader.open).hasValue(1));
  }

  @Test
  void start_aRequiredModelThatFails_failsAndClosesTheOthers() throws Exception {
    TextModels.publish(directory, "fraud", 1, "f");
    TextModels.publish(directory, "churn", 1, "broken");

    runner("fraud", "churn")
        .run(
            context ->
                assertThat(context).getFailure().rootCause().hasMessageContaining("no model"));

    assertThat(loader.open).hasValue(0);
  }

  @Test
  void start_amongLateModels_failsAfterItsTime() throws Exception {
    TextModels.publish(directory, "fraud", 1, "f");
    runner("fraud")
        .withPropertyValues(
            property("fraud", "require-manifest=true"), property("fraud", "start-within=300ms"))
        .run(
            context ->
                assertThat(context.getStartupFailure())
                    .hasRootCauseInstanceOf(java.util.concurrent.TimeoutException.class)
                    .hasStackTraceContaining("inflight.models.fraud.start-within = PT0.3S"));
  }

  @Test
  void start_aModelThatIsNotRequired_goesOnWithoutIt() throws Exception {
    TextModels.publish(directory, "fraud", 1, "broken");
    runner("fraud")
        .withPropertyValues(property("fraud", "required=false"))
        .run(
            context -> {
              assertThat(context).hasNotFailed();
              Predictor<String, String> fraud = fraud(context);
              assertThatThrownBy(() -> fraud.predict("row"))
                  .isInstanceOf(ModelUnavailableException.class);
              ModelHealth health = ModelHealth.of(context.getBean(InflightModels.class));
              assertThat(health.isReady()).isFalse();
              assertThat(health.details().toString()).contains("versions={1=FAILED}");
            });
  }

  @Test
  void close_withACallInside_waitsForItsAnswer() throws Exception {
    TextModels.publish(directory, "fraud", 1, "f");
    CompletableFuture<String> answer = new CompletableFuture<>();
    runner("fraud")
        .run(
            context -> {
              Predictor<String, String> fraud = fraud(context);
              new Thread(
                      () -> answer.completeAsync(() -> fraud.predict("wait"), Runnable::run),
                      "caller")
                  .start();
              assertThat(loader.entered.await(60, TimeUnit.SECONDS)).isTrue();
              InflightModels models = context.getBean(InflightModels.class);
              CompletableFuture<Void> stopped = CompletableFuture.runAsync(models::stop);
              awaitRefusal(fraud);
              assertThat(stopped).isNotDone();
              assertThat(loader.open).hasValue(1);
              loader.go.countDown();
              stopped.get(60, TimeUnit.SECONDS);
            });
    assertThat(answer.get(60, TimeUnit.SECONDS)).isEqualTo("f:wait");
    assertThat(loader.open).hasValue(0);
  }

  @SuppressWarnings("unchecked")
  private static Predictor<String, String> fraud(ApplicationContext context) {
    return context.getBean("fraudPredictor", Predictor.class);
  }

  private static void awaitRefusal(Predictor<String, String> predictor) {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (System.nanoTime() < deadline) {
      try {
        predictor.predict("row");
      } catch (ModelUnavailableException e) {
        return;
      }
    }
    throw new AssertionError("the model does not refuse calls");
  }

  @Test
  void timeout_ofTheConfiguration_endsCalls() throws Exception {
    TextModels.publish(directory, "fraud", 1, "f");
    runner("fraud")
        .withPropertyValues(property("fraud", "timeout=50ms"))
        .run(
            context -> {
              Predictor<String, String> fraud = fraud(context);
              assertThatThrownBy(() -> fraud.predict("wait"))
                  .isInstanceOf(DeadlineExceededException.class);
              loader.go.countDown();
            });
  }

  @Test
  void customizers_beforeTheStart_areCalledForEachModel() throws Exception {
    TextModels.publish(directory, "fraud", 1, "f");
    TextModels.publish(directory, "churn", 1, "c");
    List<String> seen = new CopyOnWriteArrayList<>();
    DeploymentCustomizer gate =
        (model, builder) ->
            builder.gate(
                candidate -> {
                  seen.add(model);
                  return "looked";
                });
    runner("fraud", "churn")
        .withBean(DeploymentCustomizer.class, () -> gate)
        .run(context -> assertThat(seen).containsExactlyInAnyOrder("fraud", "churn"));
  }

  @Test
  void properties_allOfThem_areTaken() throws Exception {
    TextModels.publish(directory, "fraud", 1, "f");
    TextModels.publish(directory, "fraud", 2, "g");
    runner("fraud")
        .withPropertyValues(
            property("fraud", "policy=exactly:1"),
            property("fraud", "keep=2"),
            property("fraud", "lanes=1"),
            property("fraud", "home=" + directory.resolve("home")),
            property("fraud", "staging=" + directory),
            property("fraud", "batching.max-batch=16"),
            property("fraud", "batching.queue-rows=9"),
            property("fraud", "batching.caller-runs=true"),
            property("fraud", "rollout.mode=canary"),
            property("fraud", "rollout.sample-share=0.5"),
            property("fraud", "rollout.ramp=0.1,0.5"),
            property("fraud", "rollout.step=5m"),
            property("fraud", "rollout.deadline=2h"))
        .run(
            context -> {
              assertThat(context).hasNotFailed();
              Deployment<?, ?> fraud = context.getBean(Deployment.class);
              assertThat(fraud.status().live().orElseThrow().version()).isEqualTo("1");
              assertThat(fraud.batching().cap()).isEqualTo(16);
              assertThat(directory.resolve("home/fraud")).isDirectory();
            });
  }

  @ParameterizedTest
  @ValueSource(strings = {"newest", "latest:", "latest:0", "exactly:", "between:3", "between:..4"})
  void policy_unknown_isRefusedWithItsProperty(String text) {
    assertThatThrownBy(() -> PinnablePolicy.parse("fraud", text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("inflight.models.fraud.policy", text);
  }

  @ParameterizedTest
  @ValueSource(strings = {"latest", "latest:3", "exactly:2", "between:3..7", "alias:champion"})
  void policy_ofEachKind_isTaken(String text) {
    assertThat(PinnablePolicy.parse("fraud", text).pinned()).isEmpty();
  }

  @Test
  void application_withoutAnActuator_hasTheModels() throws Exception {
    TextModels.publish(directory, "fraud", 1, "f");
    runner("fraud")
        .withClassLoader(new FilteredClassLoader("org.springframework.boot.actuate"))
        .run(
            context -> {
              assertThat(context).hasNotFailed().hasBean("fraudPredictor");
              assertThat(context.getBeanNamesForType(Object.class))
                  .noneMatch(name -> name.contains("Endpoint") || name.contains("Health"));
            });
  }

  @Test
  void application_withoutModels_starts() {
    runner()
        .run(context -> assertThat(context.getBean(InflightModels.class).deployments()).isEmpty());
  }

  @Test
  void failure_isTheTypedOne() throws Exception {
    TextModels.publish(directory, "fraud", 1, "broken");
    runner("fraud")
        .run(
            context ->
                assertThat(context.getStartupFailure())
                    .hasStackTraceContaining(ModelLoadException.class.getName()));
  }
}
