package dev.inflight.spring;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.inflight.ModelLoader;
import io.micrometer.core.instrument.MeterRegistry;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.SpringBootConfiguration;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;

/**
 * Endpoints and health over HTTP. One application; each test that changes something has a model.
 */
@TestInstance(Lifecycle.PER_CLASS)
class ActuatorTest {
  @SpringBootConfiguration
  @EnableAutoConfiguration
  static class Application {
    @Bean
    ModelLoader<String, String> textLoader() {
      return new TextModels();
    }
  }

  private static final List<String> SETTINGS =
      List.of(
          "server.port=0",
          "server.address=127.0.0.1",
          "spring.main.banner-mode=off",
          "logging.level.root=warn",
          "management.endpoints.web.exposure.include=inflight,inflightpage,health",
          "management.endpoint.health.show-details=always",
          "management.endpoint.health.probes.enabled=true",
          "management.endpoint.health.group.readiness.include=readinessState,inflight");

  private final HttpClient client = HttpClient.newHttpClient();
  private final ObjectMapper mapper = new ObjectMapper();
  private ConfigurableApplicationContext context;
  private InflightModels models;
  private String actuator;

  @BeforeAll
  void start(@TempDir Path directory) throws Exception {
    List<String> names = List.of("fraud", "back", "pinned");
    List<String> properties = new ArrayList<>(SETTINGS);
    for (String name : names) {
      TextModels.publish(directory, name, 1, "one");
      properties.add("inflight.models." + name + ".directory=" + directory);
      properties.add("inflight.models." + name + ".poll-every=20ms");
    }
    context =
        new SpringApplicationBuilder(Application.class)
            .properties(properties.toArray(String[]::new))
            .run();
    models = context.getBean(InflightModels.class);
    String port = context.getEnvironment().getProperty("local.server.port");
    actuator = "http://127.0.0.1:" + port + "/actuator/";
    for (String name : names) {
      TextModels.publish(directory, name, 2, "two");
    }
    for (String name : names) {
      await(() -> live(name).equals("2"));
    }
  }

  @AfterAll
  void close() {
    context.close();
  }

  @Test
  void endpoint_rollback_goesBackAndClearComesForward() throws Exception {
    HttpResponse<String> back = post("back", "{'action':'rollback','reason':'worse'}");

    assertThat(back.statusCode()).isEqualTo(200);
    assertThat(mapper.readTree(back.body()).at("/models/0/live/version").asText()).isEqualTo("1");
    JsonNode status = mapper.readTree(get("inflight/back").body()).at("/models/0/versions/1");
    assertThat(status.get("state").asText()).isEqualTo("REJECTED");
    assertThat(status.get("reason").asText()).contains("worse");
    assertThat(post("back", "{'action':'rollback','reason':'more'}").statusCode()).isEqualTo(409);

    assertThat(post("back", "{'action':'clear','version':'2'}").statusCode()).isEqualTo(200);
    await(() -> live("back").equals("2"));
    assertThat(post("back", "{'action':'reject','version':'2','reason':'no'}").statusCode())
        .isEqualTo(200);
    assertThat(live("back")).isEqualTo("1");
  }

  @Test
  void endpoint_pin_holdsUntilUnpin() throws Exception {
    assertThat(post("pinned", "{'action':'pin','version':'1'}").statusCode()).isEqualTo(200);
    await(() -> live("pinned").equals("1"));
    assertThat(models.pinned("pinned")).contains("1");

    assertThat(post("pinned", "{'action':'unpin'}").statusCode()).isEqualTo(200);
    await(() -> live("pinned").equals("2"));
  }

  @Test
  void endpoint_whatCannotBe_isRefused() throws Exception {
    assertThat(get("inflight/other").statusCode()).isEqualTo(404);
    assertThat(post("other", "{'action':'unpin'}").statusCode()).isEqualTo(400);
    assertThat(post("fraud", "{'action':'explode'}").statusCode()).isEqualTo(400);
    assertThat(post("fraud", "{'action':'rollback'}").statusCode()).isEqualTo(400);
    assertThat(post("fraud", "{'action':'pin','version':'9'}").statusCode()).isEqualTo(400);
    assertThat(post("fraud", "{'action':'promote'}").statusCode()).isEqualTo(409);
    assertThat(live("fraud")).isEqualTo("2");
  }

  @Test
  void endpoint_get_showsAllModels() throws Exception {
    HttpResponse<String> answer = get("inflight");

    assertThat(answer.headers().firstValue("Content-Type").orElse(""))
        .startsWith("application/json");
    JsonNode all = mapper.readTree(answer.body()).get("models");
    assertThat(all).hasSize(3);
    JsonNode model = all.get(1); // by their names
    assertThat(model.get("name").asText()).isEqualTo("fraud");
    assertThat(model.at("/live/version").asText()).isEqualTo("2");
  }

  @Test
  void page_isHtml() throws Exception {
    HttpResponse<String> answer = get("inflightpage");

    assertThat(answer.statusCode()).isEqualTo(200);
    assertThat(answer.headers().firstValue("Content-Type").orElse("")).startsWith("text/html");
    assertThat(answer.body()).startsWith("<!DOCTYPE html>").contains("fraud", "v2 live");
  }

  @Test
  void metrics_ofEachModel_areInTheRegistry() {
    MeterRegistry registry = context.getBean(MeterRegistry.class);

    assertThat(registry.find("inflight.version.state").gauges())
        .extracting(gauge -> gauge.getId().getTag("model"))
        .contains("fraud", "back", "pinned");
  }

  @Test
  void health_saysWhichVersionIsLive() throws Exception {
    HttpResponse<String> answer = get("health/readiness");

    assertThat(answer.statusCode()).isEqualTo(200);
    JsonNode fraud = mapper.readTree(answer.body()).at("/components/inflight/details/fraud");
    assertThat(fraud.get("live").asText()).isEqualTo("2");
    assertThat(fraud.at("/versions/1").asText()).isEqualTo("RETAINED");
    assertThat(Instant.parse(fraud.get("lastHeard").asText())).isBeforeOrEqualTo(Instant.now());
  }

  private String live(String model) {
    return models
        .deployments()
        .get(model)
        .status()
        .live()
        .map(info -> info.version())
        .orElse("none");
  }

  private HttpResponse<String> get(String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create(actuator + path)).build(), BodyHandlers.ofString());
  }

  private HttpResponse<String> post(String model, String json) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create(actuator + "inflight/" + model))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(json.replace('\'', '"')))
            .build(),
        BodyHandlers.ofString());
  }

  private static void await(BooleanSupplier condition) {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("the deadline").isLessThan(deadline);
      Thread.onSpinWait();
    }
  }
}
