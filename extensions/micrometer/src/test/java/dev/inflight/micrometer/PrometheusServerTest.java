package dev.inflight.micrometer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A real Prometheus server (Debian's package {@code prometheus}) scrapes a real process. */
@Tag("interop")
@Timeout(180)
class PrometheusServerTest {
  private static final Path PROMETHEUS = Path.of("/usr/bin/prometheus");
  private static final Duration PATIENCE = Duration.ofMinutes(2);

  private final HttpClient http = HttpClient.newHttpClient();
  private final ObjectMapper json = new ObjectMapper();

  @TempDir Path home;

  @Test
  void dashboard_everyQuery_returnsData() throws Exception {
    assumeTrue(
        Files.isExecutable(PROMETHEUS),
        "SKIPPED: there is no " + PROMETHEUS + "; apt-get install -y prometheus");
    Process serving =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
                "-cp",
                System.getProperty("java.class.path"),
                ServingProcess.class.getName(),
                home.resolve("serving").toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader lines = serving.inputReader(StandardCharsets.UTF_8)) {
      int metrics = Integer.parseInt(lines.readLine());
      int port = freePort();
      Process server = prometheus(port, metrics);
      try {
        everyQueryReturnsData(port, server, serving);
      } finally {
        end(server);
      }
    } finally {
      end(serving);
    }
  }

  private Process prometheus(int port, int target) throws IOException {
    Path config = home.resolve("prometheus.yml");
    Files.writeString(
        config,
        """
        global:
          scrape_interval: 500ms
          scrape_timeout: 500ms
        scrape_configs:
          - job_name: inflight
            static_configs:
              - targets: ["127.0.0.1:%d"]
        """
            .formatted(target));
    return new ProcessBuilder(
            PROMETHEUS.toString(),
            "--config.file=" + config,
            "--storage.tsdb.path=" + home.resolve("data"),
            "--web.listen-address=127.0.0.1:" + port,
            "--log.level=warn")
        .redirectErrorStream(true)
        .redirectOutput(home.resolve("prometheus.log").toFile())
        .start();
  }

  private void everyQueryReturnsData(int port, Process server, Process serving) throws Exception {
    List<Dashboard.Query> missing = new ArrayList<>(Dashboard.load().queries());
    int all = missing.size();
    List<String> said = new ArrayList<>();
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!missing.isEmpty() && System.nanoTime() - deadline < 0) {
      assertThat(server.isAlive()).as(Files.readString(home.resolve("prometheus.log"))).isTrue();
      assertThat(serving.isAlive()).as("the process that serves").isTrue();
      said.clear();
      for (Dashboard.Query query : List.copyOf(missing)) {
        String answer = query(port, query.expression());
        if (hasData(answer)) {
          missing.remove(query);
        } else {
          said.add(query + ": " + answer);
        }
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(500));
    }
    assertThat(said).isEmpty();
    assertThat(missing).isEmpty();
    System.out.println("prometheus: " + all + " queries, each with data");
  }

  private String query(int port, String expression) throws InterruptedException {
    URI uri =
        URI.create(
            "http://127.0.0.1:"
                + port
                + "/api/v1/query?query="
                + URLEncoder.encode(expression, StandardCharsets.UTF_8));
    HttpRequest request = HttpRequest.newBuilder(uri).timeout(Duration.ofSeconds(10)).build();
    try {
      return http.send(request, HttpResponse.BodyHandlers.ofString()).body();
    } catch (IOException e) {
      return e.toString(); // it has not started yet
    }
  }

  /** At least one series whose value is a number. */
  private boolean hasData(String answer) throws IOException {
    if (!answer.startsWith("{")) {
      return false;
    }
    JsonNode root = json.readTree(answer);
    assertThat(root.path("errorType").asText()).as(answer).isNotEqualTo("bad_data");
    for (JsonNode series : root.path("data").path("result")) {
      if (!series.get("value").get(1).asText().equals("NaN")) {
        return true;
      }
    }
    return false;
  }

  private static int freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return socket.getLocalPort();
    }
  }

  private static void end(Process process) throws InterruptedException {
    process.destroy();
    if (!process.waitFor(10, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
  }
}
