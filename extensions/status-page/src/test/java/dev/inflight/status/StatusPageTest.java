package dev.inflight.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.inflight.InferenceStats;
import dev.inflight.PredictionFailedException;
import dev.inflight.deploy.CanaryOptions.Signal;
import dev.inflight.deploy.CanaryReport;
import dev.inflight.deploy.CanaryReport.Claim;
import dev.inflight.deploy.CanaryReport.SignalReport;
import dev.inflight.deploy.CanaryReport.Verdict;
import dev.inflight.deploy.Deployment;
import dev.inflight.deploy.DeploymentStatus;
import dev.inflight.deploy.DeploymentStatus.GateReport;
import dev.inflight.deploy.DeploymentStatus.State;
import dev.inflight.deploy.DeploymentStatus.Version;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class StatusPageTest {
  private static final String HOSTILE =
      "</style></script><script>alert(1)</script><img src=x onerror='alert(2)'>\" onload=\"alert(3)";
  private static final Instant NOW = Instant.parse("2026-01-02T03:04:05Z");

  private final ObjectMapper mapper = new ObjectMapper();

  @Test
  void html_hostileTexts_stayText() {
    try (Deployment<String, String> some = started(new Text(Duration.ZERO).publish("1", "a"))) {
      String html = page(hostile(), some.stats()).html();
      String harmless = page(plain("m", List.of()), some.stats()).html();

      assertThat(html).contains("&lt;img src=x onerror=&#39;alert(2)&#39;&gt;&quot; onload=&quot;");
      assertThat(html).doesNotContain("<img", "<script>alert", "\" onload=");
      assertThat(count(html, "<script")).isEqualTo(count(harmless, "<script")).isEqualTo(1);
      assertThat(count(html, "</style")).isEqualTo(1);
      // model, version (twice), reason, gate, gate's detail, canary's reason, problem, content
      assertThat(count(html, "&lt;script&gt;alert(1)")).isGreaterThanOrEqualTo(8);
    }
  }

  @Test
  void json_hostileTexts_areReadBackAsTheyAre() throws Exception {
    try (Deployment<String, String> some = started(new Text(Duration.ZERO).publish("1", "a"))) {
      String json = page(hostile(), some.stats()).json();
      JsonNode model = mapper.readTree(json).get("models").get(0);

      assertThat(json).doesNotContain("<", ">");
      assertThat(model.get("name").asText()).isEqualTo(HOSTILE);
      assertThat(model.get("problem").asText()).isEqualTo(HOSTILE);
      assertThat(model.get("lastHeard").asText()).isEqualTo(NOW.toString());
      assertThat(model.at("/versions/0/version").asText()).isEqualTo(HOSTILE);
      assertThat(model.at("/versions/0/reason").asText()).isEqualTo(HOSTILE + "\n\\\u0000\ud800");
      assertThat(model.at("/versions/0/gates/0/detail").asText()).isEqualTo(HOSTILE);
      assertThat(model.at("/canary/reason").asText()).isEqualTo(HOSTILE);
      assertThat(model.at("/canary/signals/0/promote/logE").asDouble()).isEqualTo(1.5);
      assertThat(model.at("/canary/signals/0/rollBack/logE").isNull()).isTrue(); // infinite
      assertThat(model.get("live").isNull()).isTrue();
    }
  }

  @Test
  void page_ofADeployment_saysWhatItDoes() throws Exception {
    Text text = new Text(Duration.ZERO).publish("1", "good").publish("2", "broken");
    try (Deployment<String, String> some = started(text)) {
      StatusPage page = StatusPage.of(some);
      page.html();
      for (int i = 0; i < 99; i++) {
        some.predictor().predict("row");
      }
      assertThatThrownBy(() -> some.predictor().predict("bad"))
          .isInstanceOf(PredictionFailedException.class);
      await(() -> some.stats().total().ends().all() == 100);

      JsonNode model = mapper.readTree(page.json()).get("models").get(0);
      String html = page.html();

      assertThat(model.at("/live/version").asText()).isEqualTo("1");
      assertThat(model.at("/total/ends/completed").asLong()).isEqualTo(99);
      assertThat(model.at("/total/ends/failed").asLong()).isEqualTo(1);
      assertThat(model.at("/total/errorRatio").asDouble()).isEqualTo(.01);
      assertThat(model.at("/total/latencyNanos/p999").asLong()).isPositive();
      assertThat(model.at("/versions/0/state").asText()).isEqualTo("LIVE");
      assertThat(model.at("/versions/0/share").asDouble()).isEqualTo(1);
      assertThat(model.at("/versions/1/state").asText()).isEqualTo("FAILED");
      assertThat(model.at("/versions/1/share").isNull()).isTrue();
      assertThat(model.at("/batching/mode").asText()).isEqualTo(some.batching().mode().name());
      assertThat(html).contains("v1 live", "1.00 %", "1 failed", "expected a model, got");
      assertThat(html).contains("<svg", "p99.9", "Rows in a run", "Batching: ", "text 1.0");
    }
  }

  @Test
  void html_source_saysWhenItWasHeard() {
    try (Deployment<String, String> some = started(new Text(Duration.ZERO).publish("1", "a"))) {
      InferenceStats stats = some.stats();
      Instant heard = stats.at().minus(Duration.ofMinutes(3));
      DeploymentStatus status =
          new DeploymentStatus(
              "m",
              Optional.empty(),
              List.of(),
              Optional.empty(),
              Optional.empty(),
              Optional.of(heard));
      assertThat(page(status, stats).html()).contains("source last heard 3 min ago");
      assertThat(page(plain("m", List.of()), stats).html()).contains("source not heard yet");
      assertThat(page(status, stats).json()).contains("\"lastHeard\":\"" + heard + "\"");
    }
  }

  @Test
  void page_ofAClosedDeployment_stillShowsIt() {
    Deployment<String, String> some = started(new Text(Duration.ZERO).publish("1", "good"));
    StatusPage page = StatusPage.of(some);
    some.close();

    assertThat(page.html()).contains("1 model", "v1");
  }

  @Test
  void page_ofNothing_isAPage() throws Exception {
    StatusPage page = StatusPage.of();

    assertThat(page.html()).startsWith("<!DOCTYPE html>").contains("0 models, 0 live");
    assertThat(mapper.readTree(page.json()).get("models")).isEmpty();
  }

  @Test
  void page_supplier_isAskedEachTime() throws Exception {
    List<Deployment<String, String>> all = new ArrayList<>();
    StatusPage page = StatusPage.of(() -> all);
    assertThat(page.html()).contains("0 models");
    try (Deployment<String, String> some = started(new Text(Duration.ZERO).publish("1", "a"))) {
      all.add(some);
      assertThat(page.html()).contains("1 model, 1 live");
    }
  }

  @Test
  void html_thousandsOfVersions_staysSmallAndShowsTheLiveOne() {
    List<Version> versions = new ArrayList<>();
    for (int i = 1; i <= 5000; i++) {
      State state = i == 7 ? State.LIVE : State.AVAILABLE;
      versions.add(version("n" + i, state, ""));
    }
    try (Deployment<String, String> some = started(new Text(Duration.ZERO).publish("1", "a"))) {
      String html = page(plain("m", versions), some.stats()).html();

      assertThat(html).contains(">vn7<", ">vn5000<", "and 4,979 older versions");
      assertThat(html.length()).isLessThan(40_000);
    }
  }

  @Test
  void contentSecurityPolicy_namesTheStyleAndTheScriptOfThePage() throws Exception {
    String html = StatusPage.of().html();

    for (String tag : List.of("style", "script")) {
      Matcher content =
          Pattern.compile("<" + tag + ">(.*?)</" + tag + ">", Pattern.DOTALL).matcher(html);
      assertThat(content.find()).isTrue();
      byte[] digest =
          MessageDigest.getInstance("SHA-256")
              .digest(content.group(1).getBytes(StandardCharsets.UTF_8));
      assertThat(StatusPage.contentSecurityPolicy())
          .contains(tag + "-src 'sha256-" + Base64.getEncoder().encodeToString(digest) + "'");
    }
    String nameOnly = "http://www.w3.org/2000/svg"; // never fetched
    assertThat(html.replace(nameOnly, ""))
        .doesNotContain(" style=", "http:", "https:", " onclick", "src=");
  }

  @Test
  void page_manyThreadsWhileCallsRun_givesWholePages() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(8);
    try (Deployment<String, String> some = started(new Text(Duration.ZERO).publish("1", "a"))) {
      InferenceStats stats = some.stats();
      AtomicInteger clock = new AtomicInteger();
      Source source =
          new Source("key", some::status, () -> later(stats, 2 * clock.incrementAndGet()));
      List<Source> sources = List.of(source);
      StatusPage page = new StatusPage(() -> sources);
      List<Future<?>> lookers = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        lookers.add(
            pool.submit(
                () -> {
                  for (int j = 0; j < 100; j++) {
                    some.predictor().predict("row");
                    assertThat(page.html()).endsWith("</body></html>");
                    assertThat(mapper.readTree(page.json()).get("models")).hasSize(1);
                  }
                  return null;
                }));
      }
      for (Future<?> looker : lookers) {
        looker.get();
      }
    } finally {
      pool.shutdownNow();
    }
  }

  /** So that every look keeps something, and forgets something. */
  private static InferenceStats later(InferenceStats stats, int seconds) {
    return new InferenceStats(
        stats.model(),
        stats.at().plusSeconds(seconds),
        stats.over().plusSeconds(seconds),
        stats.total(),
        stats.versions(),
        stats.waiting(),
        stats.batching(),
        stats.droppedEvents(),
        stats.listenerFailures());
  }

  private static StatusPage page(DeploymentStatus status, InferenceStats stats) {
    List<Source> sources = List.of(new Source("key", () -> status, () -> stats));
    return new StatusPage(() -> sources);
  }

  private static DeploymentStatus plain(String name, List<Version> versions) {
    return new DeploymentStatus(
        name, Optional.empty(), versions, Optional.empty(), Optional.empty(), Optional.empty());
  }

  private static DeploymentStatus hostile() {
    Version version =
        new Version(
            HOSTILE,
            HOSTILE,
            State.FAILED,
            NOW,
            HOSTILE + "\n\\\u0000\ud800",
            3,
            Optional.of(NOW),
            List.of(new GateReport(HOSTILE, false, HOSTILE, 5)));
    SignalReport signal =
        new SignalReport(
            Signal.ERRORS,
            100,
            2,
            1,
            .01,
            -.02,
            .04,
            new Claim(0, Double.NEGATIVE_INFINITY, 4.6, 1, OptionalLong.empty()),
            Optional.of(new Claim(.005, 1.5, 3, .2, OptionalLong.of(300))));
    CanaryReport canary =
        new CanaryReport(
            Verdict.UNDECIDED, HOSTILE, 2, 100, Duration.ofSeconds(9), List.of(signal));
    return new DeploymentStatus(
        HOSTILE,
        Optional.empty(),
        List.of(version),
        Optional.of(canary),
        Optional.of(HOSTILE),
        Optional.of(NOW));
  }

  private static Version version(String name, State state, String reason) {
    return new Version(name, "x", state, NOW, reason, 1, Optional.empty(), List.of());
  }

  private static Deployment<String, String> started(Text text) {
    Deployment<String, String> deployment = text.deployment("model").start();
    await(
        () ->
            deployment.status().versions().stream()
                .allMatch(version -> version.state().compareTo(State.LIVE) >= 0));
    return deployment;
  }

  private static void await(java.util.function.BooleanSupplier condition) {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("the deadline").isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  private static int count(String text, String part) {
    return text.split(Pattern.quote(part), -1).length - 1;
  }
}
