package dev.inflight.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * The page in a browser. {@code -Dinflight.screenshots=directory} keeps the pictures; without it
 * they are left in {@code target/screenshots}.
 */
@Tag("interop")
class ScreenshotTest {
  private static final int PHONE = 360;
  private static final int DESK = 1280;

  private Demo demo;
  private HttpServer server;
  private Browser browser;
  private String address;

  @BeforeEach
  void open() throws Exception {
    Optional<Path> command = Browser.installed();
    assumeTrue(command.isPresent(), "skipped: no chromium on the PATH (apt-get install chromium)");
    demo = new Demo();
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/models",
        exchange -> {
          byte[] page = demo.page().html().getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().set("Content-Type", "text/html; charset=utf-8");
          exchange
              .getResponseHeaders()
              .set("Content-Security-Policy", StatusPage.contentSecurityPolicy());
          exchange.sendResponseHeaders(200, page.length);
          try (var out = exchange.getResponseBody()) {
            out.write(page);
          }
        });
    server.start();
    address = "http://127.0.0.1:" + server.getAddress().getPort() + "/models";
    browser = new Browser(command.get());
  }

  @AfterEach
  void close() throws Exception {
    if (browser != null) {
      browser.close();
      server.stop(0);
      demo.close();
    }
  }

  @Test
  void page_inABrowser_fitsAndIsQuiet() throws Exception {
    demo.run();
    for (String scheme : List.of("light", "dark")) {
      for (int width : List.of(DESK, PHONE)) {
        size(width, 900);
        Map<String, String> feature = Map.of("name", "prefers-color-scheme", "value", scheme);
        browser.send("Emulation.setEmulatedMedia", Map.of("features", List.of(feature)));
        browser.open(address);
        browser.evaluate("document.querySelectorAll('details').forEach((d, i) => d.open = i == 0)");

        assertThat(browser.evaluate("document.documentElement.scrollWidth").asInt())
            .as("%s: no scrolling to the side at %d", scheme, width)
            .isLessThanOrEqualTo(width);
        assertThat(browser.evaluate(TOO_WIDE).asText())
            .as("what sticks out at %d", width)
            .isEmpty();
        boolean isDark = browser.evaluate(GROUND).asText().startsWith("rgb(16,");
        assertThat(isDark).isEqualTo(scheme.equals("dark"));
        shoot("status-" + scheme + "-" + width + ".png", width);
        assertQuiet();
      }
    }
  }

  @Test
  void page_leftOpen_updatesItselfAndKeepsWhatIsOpen() throws Exception {
    size(DESK, 900);
    browser.open(address);
    browser.evaluate("document.querySelector('details.version').open = true");
    String before = browser.evaluate("document.querySelector('time').textContent").asText();
    demo.publishBroken();

    browser.until(
        () ->
            browser.evaluate("document.querySelector('main').textContent").asText().contains("v99"),
        "the new version to be shown");

    assertThat(browser.evaluate("document.querySelector('time').textContent").asText())
        .isNotEqualTo(before);
    assertThat(browser.evaluate("document.querySelectorAll('details[open]').length").asInt())
        .isEqualTo(1);
    assertThat(browser.events("Page.frameNavigated")).hasSize(1);
    assertQuiet();

    server.stop(0);
    browser.until(
        () -> !browser.evaluate("document.querySelector('#stale').hidden").asBoolean(),
        "the page to say that it is stale");
  }

  private static final String GROUND = "getComputedStyle(document.body).backgroundColor";

  private static final String TOO_WIDE =
      "[...document.querySelectorAll('main *')].filter(e => e.getBoundingClientRect().right > innerWidth + 0.5)"
          + ".map(e => e.tagName + '.' + e.getAttribute('class')).join()";

  private void size(int width, int height) throws Exception {
    browser.send(
        "Emulation.setDeviceMetricsOverride",
        Map.of("width", width, "height", height, "deviceScaleFactor", 1, "mobile", width == PHONE));
  }

  /** Nothing on the console, and no request but for the page itself. */
  private void assertQuiet() {
    assertThat(browser.events("Runtime.consoleAPICalled")).isEmpty();
    assertThat(browser.events("Runtime.exceptionThrown")).isEmpty();
    assertThat(browser.events("Log.entryAdded")).isEmpty();
    assertThat(browser.events("Network.requestWillBeSent"))
        .extracting(event -> event.at("/params/request/url").asText())
        .isNotEmpty()
        .allMatch(url -> url.equals(address) || url.startsWith("data:"));
  }

  private void shoot(String name, int width) throws Exception {
    int height = browser.evaluate("document.documentElement.scrollHeight").asInt();
    JsonNode picture =
        browser.send(
            "Page.captureScreenshot",
            Map.of(
                "format",
                "png",
                "optimizeForSpeed",
                false,
                "captureBeyondViewport",
                true,
                "clip",
                Map.of("x", 0, "y", 0, "width", width, "height", height, "scale", 1)));
    write(name, Palette.smaller(Base64.getDecoder().decode(picture.get("data").asText())));
  }

  private static void write(String name, byte[] png) throws IOException {
    Path root = Path.of(System.getProperty("inflight.root", "."));
    String wanted = System.getProperty("inflight.screenshots", "");
    Path directory =
        wanted.isEmpty()
            ? root.resolve("extensions/status-page/target/screenshots")
            : root.resolve(wanted);
    Files.createDirectories(directory);
    Files.write(directory.resolve(name), png);
    assertThat(png.length).as("bytes of %s", name).isBetween(5_000, 150_000);
  }
}
