package dev.inflight.fetch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.inflight.ModelLoadException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Downloads that are torn, resumed, replaced meanwhile, stalled, or answered with something else.
 */
class DownloadTest {
  private static final int LENGTH = 3_000_000; // large enough to be hashed beside
  private static final byte[] BYTES = new byte[LENGTH];

  static {
    new Random(7).nextBytes(BYTES);
  }

  /** What the server does with the nth request. */
  private interface Step {
    void answer(HttpExchange exchange) throws Exception;
  }

  @TempDir Path target;
  private final List<String> ranges = Collections.synchronizedList(new ArrayList<>());
  private final List<Step> steps = new ArrayList<>();
  private final ExecutorService threads = Executors.newCachedThreadPool();
  private final CountDownLatch end = new CountDownLatch(1);
  private HttpServer server;
  private Staging staging;

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(threads);
    server.createContext(
        "/",
        exchange -> {
          try (exchange) {
            ranges.add(String.valueOf(exchange.getRequestHeaders().getFirst("Range")));
            steps.get(Math.min(ranges.size(), steps.size()) - 1).answer(exchange);
          } catch (IOException e) {
            throw e;
          } catch (Exception e) {
            throw new IOException(e);
          }
        });
    server.start();
    staging = new Staging("m v1", target, FetchLimits.defaults(), FetchListener.NONE);
  }

  @AfterEach
  void stop() {
    end.countDown();
    server.stop(0);
    threads.shutdownNow();
  }

  private URI uri(String query) {
    return URI.create(
        "http://127.0.0.1:" + server.getAddress().getPort() + "/files/model.onnx" + query);
  }

  private void download(Duration stall) throws IOException {
    HttpSource source =
        HttpSource.of(
            new HttpSource.Patience(Duration.ofSeconds(10), Duration.ofSeconds(20), stall));
    staging.download("model.onnx", Expected.bytes(LENGTH), source, uri("?token=query-secret"));
  }

  private void download() throws IOException {
    download(Duration.ofSeconds(20));
  }

  /** Bytes up to {@code to}, of an answer that says it has all of the rest. */
  private static Step part(String etag, int to) {
    return exchange -> {
      String range = exchange.getRequestHeaders().getFirst("Range");
      boolean resumed =
          range != null && etag.equals(exchange.getRequestHeaders().getFirst("If-Range"));
      int from = resumed ? Integer.parseInt(range.replaceAll("\\D", "")) : 0;
      if (!etag.isEmpty()) {
        exchange.getResponseHeaders().set("ETag", etag);
        exchange.getResponseHeaders().set("Accept-Ranges", "bytes");
      }
      if (resumed) {
        exchange
            .getResponseHeaders()
            .set("Content-Range", "bytes " + from + "-" + (LENGTH - 1) + "/" + LENGTH);
      }
      exchange.sendResponseHeaders(resumed ? 206 : 200, LENGTH - from);
      OutputStream out = exchange.getResponseBody();
      out.write(BYTES, from, to - from);
      out.flush();
    };
  }

  @Test
  void download_torn_goesOnWhereItEnded() throws IOException {
    steps.add(part("\"a\"", 400_000));
    steps.add(part("\"a\"", 700_000));
    steps.add(part("\"a\"", LENGTH));
    download();
    assertThat(target.resolve("model.onnx")).hasBinaryContent(BYTES);
    assertThat(staging.finish("m", "1").read("model.onnx").remaining()).isEqualTo(LENGTH);
    assertThat(ranges).hasSize(3);
    assertThat(ranges.get(0)).isEqualTo("null");
    assertThat(ranges.get(1)).matches("bytes=[1-9][0-9]*-");
  }

  @Test
  void download_replacedMeanwhile_beginsAgain() throws IOException {
    steps.add(part("\"a\"", 400_000));
    steps.add(part("\"b\"", LENGTH));
    download();
    assertThat(target.resolve("model.onnx")).hasBinaryContent(BYTES);
    assertThat(staging.finish("m", "1").read("model.onnx").remaining()).isEqualTo(LENGTH);
  }

  @Test
  void download_tornWithoutETag_failsAtOnceAndNamesTheFile() {
    steps.add(part("", 400_000));
    assertThatThrownBy(this::download)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("m v1: file 'model.onnx'")
        .hasMessageNotContaining("query-secret");
    assertThat(ranges).hasSize(1);
  }

  @Test
  void download_weakETag_isNotResumed() {
    steps.add(part("W/\"a\"", 400_000));
    assertThatThrownBy(this::download).isInstanceOf(IOException.class);
    assertThat(ranges).hasSize(1);
  }

  @Test
  void download_withoutProgress_isGivenUp() {
    steps.add(part("\"a\"", 400_000));
    steps.add(
        exchange -> {
          exchange.getResponseHeaders().set("ETag", "\"a\"");
          exchange.getResponseHeaders().set("Content-Range", "bytes 400000-999999/1000000");
          exchange.sendResponseHeaders(206, 600_000);
          exchange.getResponseBody().flush();
        });
    assertThatThrownBy(this::download).isInstanceOf(IOException.class);
    assertThat(ranges).hasSize(2);
  }

  @Test
  void download_rangeThatWasNotAskedFor_isRefused() {
    steps.add(part("\"a\"", 400_000));
    steps.add(
        exchange -> {
          exchange.getResponseHeaders().set("ETag", "\"a\"");
          exchange.getResponseHeaders().set("Content-Range", "bytes 5-999999/1000000");
          exchange.sendResponseHeaders(206, 999_995);
          exchange.getResponseBody().write(BYTES, 5, 999_995);
        });
    assertThatThrownBy(this::download)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("got 'bytes 5-999999/1000000'");
  }

  @Test
  void download_stalled_endsAfterTheStall() {
    steps.add(
        exchange -> {
          exchange.sendResponseHeaders(200, LENGTH);
          exchange.getResponseBody().write(BYTES, 0, 1000);
          exchange.getResponseBody().flush();
          end.await();
        });
    assertThatThrownBy(() -> download(Duration.ofMillis(300)))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("got no byte for 300 ms");
  }

  @Test
  void download_notFound_isNotTriedAgainAndQuoted() {
    steps.add(
        exchange -> {
          byte[] page =
              "<html><script>x()</script><b>No such\nkey</b></html>"
                  .getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().set("Content-Type", "text/html");
          exchange.sendResponseHeaders(404, page.length);
          exchange.getResponseBody().write(page);
        });
    assertThatThrownBy(this::download)
        .isInstanceOfSatisfying(
            ModelLoadException.class,
            e -> assertThat(e.stage()).isEqualTo(ModelLoadException.Stage.FETCH))
        .hasMessageContaining("expected status 200, got 404 (text/html): 'No such key'")
        .hasMessageNotContaining("query-secret");
    assertThat(ranges).hasSize(1);
  }

  @Test
  void download_serverError_isAnIoException() {
    steps.add(exchange -> exchange.sendResponseHeaders(503, -1));
    assertThatThrownBy(this::download)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("got 503 (no type): no text");
  }

  @Test
  void download_redirect_isNotFollowed() {
    steps.add(
        exchange -> {
          exchange.getResponseHeaders().set("Location", uri("").toString());
          exchange.sendResponseHeaders(302, -1);
        });
    assertThatThrownBy(this::download)
        .isInstanceOf(IOException.class)
        .hasMessageContaining("got 302");
    assertThat(ranges).hasSize(1);
  }

  @Test
  void credentials_ofAnotherServer_areNotSent() throws IOException {
    List<String> sent = new ArrayList<>();
    steps.add(
        exchange -> {
          sent.add(String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
          exchange.sendResponseHeaders(200, 2);
          exchange.getResponseBody().write("{}".getBytes(StandardCharsets.UTF_8));
        });
    HttpSource source = HttpSource.of(HttpSource.Patience.defaults());
    source.withAuthorization(URI.create("http://127.0.0.1:1"), "Bearer t").text(uri(""));
    source.withAuthorization(uri(""), "Bearer t").text(uri(""));
    assertThat(sent).containsExactly("null", "Bearer t");
  }

  @Test
  void digests_ofOtherBytes_areRefused() throws IOException {
    byte[] flipped = BYTES.clone();
    flipped[5] ^= 1;
    java.nio.file.Path file =
        java.nio.file.Files.write(target.resolveSibling("source" + System.nanoTime()), flipped);
    Expected md5 = Expected.bytes(LENGTH).withMd5("0".repeat(32));
    assertThatThrownBy(() -> staging.copy("a", md5, file))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContaining("file 'a': expected md5 " + "0".repeat(32) + ", got ");
    Expected sha = Expected.nothing().withSha256("0".repeat(64));
    assertThatThrownBy(() -> staging.copy("b", sha, file))
        .isInstanceOf(ModelLoadException.class)
        .hasMessageContaining("file 'b': expected sha256 " + "0".repeat(64) + ", got ");
    java.nio.file.Files.delete(file);
    assertThat(Arrays.equals(flipped, BYTES)).isFalse();
  }
}
