package dev.inflight.examples.spring;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.SpringBootVersion;
import org.springframework.context.ConfigurableApplicationContext;

/** The application over HTTP, on Spring Boot 4. */
class FlowerApplicationTest {
  private static final int CLIENTS = 4;
  private static final int CALLS_AFTER = 25;
  private static final Pattern VERSION = Pattern.compile("\"version\":\"(\\d+)\"");

  @TempDir private Path models;
  private final HttpClient client = HttpClient.newHttpClient();
  private ConfigurableApplicationContext context;
  private String address;

  @BeforeEach
  void start() throws Exception {
    publish(1, "logistic");
    context =
        SpringApplication.run(
            FlowerApplication.class,
            "--server.port=0",
            "--server.address=127.0.0.1",
            "--logging.level.root=warn",
            "--inflight.models.iris.timeout=60s", // the machine may be busy
            "--inflight.models.iris.poll-every=50ms",
            "--inflight.models.iris.directory=" + models);
    address = "http://127.0.0.1:" + context.getEnvironment().getProperty("local.server.port");
  }

  @AfterEach
  void close() {
    context.close();
  }

  @Test
  void swap_underLoad_failsNoCall() throws Exception {
    assertThat(SpringBootVersion.getVersion()).startsWith("4.");
    ExecutorService pool = Executors.newFixedThreadPool(CLIENTS);
    try {
      List<Future<List<Integer>>> clients = new ArrayList<>();
      for (int i = 0; i < CLIENTS; i++) {
        clients.add(pool.submit(this::callUntilTheSwap));
      }
      publish(2, "logistic-zipmap");
      for (Future<List<Integer>> each : clients) {
        assertThat(each.get()).isSorted().contains(2).doesNotContain(0);
      }
    } finally {
      pool.shutdownNow();
    }

    HttpResponse<String> health = get("/actuator/health/readiness");
    assertThat(health.statusCode()).isEqualTo(200);
    assertThat(health.body()).contains("\"live\":\"2\"", "\"1\":\"RETAINED\"");
    assertThat(get("/actuator/inflightpage").body()).contains("iris", "v2 live", "onnxruntime");
    HttpResponse<String> back =
        post("/actuator/inflight/iris", "{\"action\":\"rollback\",\"reason\":\"a drill\"}");
    assertThat(back.statusCode()).isEqualTo(200);
    assertThat(version(call())).isEqualTo(1);
  }

  /** The versions that answered; 0 where the call failed. */
  private List<Integer> callUntilTheSwap() throws Exception {
    List<Integer> versions = new ArrayList<>();
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    int after = 0;
    while (after < CALLS_AFTER && System.nanoTime() < deadline) {
      int version = version(call());
      versions.add(version);
      after += version == 2 ? 1 : 0;
    }
    return versions;
  }

  private HttpResponse<String> call() throws Exception {
    return post(
        "/species",
        "{\"sepalLength\":5.1,\"sepalWidth\":3.5,\"petalLength\":1.4,\"petalWidth\":0.2}");
  }

  private static int version(HttpResponse<String> answer) {
    Matcher version = VERSION.matcher(answer.body());
    boolean isGood = answer.statusCode() == 200 && answer.body().contains("\"setosa\"");
    return isGood && version.find() ? Integer.parseInt(version.group(1)) : 0;
  }

  private void publish(int version, String model) throws Exception {
    Path root = Path.of(System.getProperty("inflight.root"));
    Path directory = Files.createDirectories(models.resolve("iris/" + version));
    Files.copy(
        root.resolve("testmodels/onnx/" + model + "/model.onnx"), directory.resolve("model.onnx"));
  }

  private HttpResponse<String> get(String path) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create(address + path)).build(), BodyHandlers.ofString());
  }

  private HttpResponse<String> post(String path, String json) throws Exception {
    return client.send(
        HttpRequest.newBuilder(URI.create(address + path))
            .header("Content-Type", "application/json")
            .POST(BodyPublishers.ofString(json))
            .build(),
        BodyHandlers.ofString());
  }
}
