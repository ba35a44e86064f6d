package dev.inflight.fetch;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.inflight.ModelArtifact;
import dev.inflight.repository.ModelRepository;
import dev.inflight.repository.Versions;
import dev.inflight.testkit.Outage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/** A server of models that are texts, which fails on demand, and the repository of it. */
final class TextServer implements AutoCloseable {
  /** As short as a busy machine allows. */
  private static final HttpSource.Patience PATIENCE =
      new HttpSource.Patience(
          Duration.ofMillis(500), Duration.ofMillis(100), Duration.ofMillis(100));

  private final Map<String, String> texts = new ConcurrentHashMap<>();
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "text-server");
            thread.setDaemon(true);
            return thread;
          });
  private volatile Optional<Outage> outage = Optional.empty();
  private volatile CountDownLatch hung = new CountDownLatch(0);
  private HttpServer server;
  private final int port;

  /** Polls that have ended, in whatever way. */
  final AtomicInteger polls = new AtomicInteger();

  TextServer() throws IOException {
    server = listen(0);
    port = server.getAddress().getPort();
  }

  private HttpServer listen(int where) throws IOException {
    HttpServer next =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), where), 0);
    next.setExecutor(threads);
    next.createContext("/", this::handle);
    next.start();
    return next;
  }

  void publish(String version, String text) {
    texts.put(version, text);
  }

  void fail(Optional<Outage> next) throws IOException {
    if (outage.equals(Optional.of(Outage.DOWN))) {
      server = listen(port);
    }
    hung.countDown();
    hung = new CountDownLatch(next.equals(Optional.of(Outage.HUNG)) ? 1 : 0);
    outage = next;
    if (next.equals(Optional.of(Outage.DOWN))) {
      server.stop(0);
    }
  }

  private static String sha256(String text) {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    return HexFormat.of().formatHex(Hashing.digest("SHA-256").digest(bytes));
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      Outage now = outage.orElse(null);
      String path = exchange.getRequestURI().getPath().substring(1);
      if (now == null && path.equals("versions")) {
        StringBuilder list = new StringBuilder("versions\n");
        texts.forEach((version, text) -> list.append(version + " " + sha256(text) + "\n"));
        answer(exchange, 200, list.toString());
      } else if (now == null) {
        answer(exchange, texts.containsKey(path) ? 200 : 404, texts.getOrDefault(path, ""));
      } else {
        fail(exchange, now);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void fail(HttpExchange exchange, Outage now) throws IOException, InterruptedException {
    switch (now) {
      case HUNG -> hung.await();
      case HTML -> answer(exchange, 502, "<html><h1>502 Bad Gateway</h1>" + "x".repeat(10_000));
      case GARBAGE -> answer(exchange, 200, "\0\1\2{{{]" + "z".repeat(5_000));
      case FORBIDDEN -> answer(exchange, 403, "Forbidden");
      default -> answer(exchange, 500, "out of luck");
    }
  }

  private static void answer(HttpExchange exchange, int status, String text) throws IOException {
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  ModelRepository repository() {
    HttpSource http = HttpSource.of(PATIENCE);
    return new ModelRepository() {
      @Override
      public Versions versions(String model) throws IOException {
        try {
          return parsed(http.text(uri("versions")));
        } finally {
          polls.incrementAndGet();
        }
      }

      @Override
      public ModelArtifact fetch(String model, Versions.Entry version, Path target)
          throws IOException {
        String label = model + " v" + version.version();
        Staging staging = new Staging(label, target, FetchLimits.defaults(), FetchListener.NONE);
        Expected expected = Expected.nothing().withSha256(version.identity());
        staging.download(TextLoader.FILE, expected, http, uri(version.version()));
        return staging.finish(model, version.version());
      }
    };
  }

  private URI uri(String path) {
    return URI.create("http://127.0.0.1:" + port + "/" + path);
  }

  private static Versions parsed(String list) throws IOException {
    List<String> lines = list.lines().toList();
    if (lines.isEmpty() || !lines.get(0).equals("versions")) {
      throw new IOException("expected a list of versions, got something else");
    }
    List<Versions.Entry> entries = new ArrayList<>();
    for (String line : lines.subList(1, lines.size())) {
      String[] parts = line.split(" ", 2);
      entries.add(new Versions.Entry(parts[0], parts[1], Versions.State.AVAILABLE, ""));
    }
    return new Versions(entries);
  }

  @Override
  public void close() {
    hung.countDown();
    server.stop(0);
    threads.shutdownNow();
  }
}
