package dev.inflight.testkit;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;

/**
 * A server of HTTP on loopback for {@link RepositoryContract}: it answers as a handler does, until
 * it is told to fail. Its threads are daemons.
 */
public final class FaultyServer implements AutoCloseable {
  private static final int LONG = 10_000;

  private final HttpHandler handler;
  private final List<String> requests = Collections.synchronizedList(new ArrayList<>());
  private volatile Optional<Outage> outage = Optional.empty();
  private volatile CountDownLatch hung = new CountDownLatch(0);
  private HttpServer server;

  private FaultyServer(HttpHandler handler) throws IOException {
    this.handler = handler;
    server = listen(0);
  }

  /** {@return a server that listens; whatever the handler leaves open is closed} */
  public static FaultyServer start(HttpHandler handler) throws IOException {
    return new FaultyServer(handler);
  }

  private HttpServer listen(int port) throws IOException {
    HttpServer next =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), port), 0);
    next.setExecutor(
        Executors.newCachedThreadPool(
            task -> {
              Thread thread = new Thread(task, "faulty-server");
              thread.setDaemon(true);
              return thread;
            }));
    next.createContext("/", this::handle);
    next.start();
    return next;
  }

  /** {@return its address, the same after an outage} */
  public URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  /** {@return every path that was asked for} */
  public List<String> requests() {
    synchronized (requests) {
      return List.copyOf(requests);
    }
  }

  /** Fails from now on. */
  public void fail(Outage next) throws IOException {
    recover();
    outage = Optional.of(next);
    if (next == Outage.DOWN) {
      server.stop(0);
    } else if (next == Outage.HUNG) {
      hung = new CountDownLatch(1);
    }
  }

  /** Ends {@link #fail}. */
  public void recover() throws IOException {
    if (outage.isPresent() && outage.get() == Outage.DOWN) {
      server = listen(server.getAddress().getPort());
    }
    hung.countDown();
    outage = Optional.empty();
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      requests.add(exchange.getRequestURI().getPath());
      Optional<Outage> now = outage;
      if (now.isPresent()) {
        fail(exchange, now.get());
      } else {
        handler.handle(exchange);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void fail(HttpExchange exchange, Outage now) throws IOException, InterruptedException {
    String header = exchange.getRequestHeaders().getFirst("Authorization");
    switch (now) {
      case HUNG -> hung.await();
      case HTML ->
          answer(
              exchange,
              502,
              "text/html",
              "<html><head><style>h1 {}</style></head>\n<body><h1>502 Bad\nGateway</h1>"
                  + "x".repeat(LONG)
                  + "</body></html>");
      case GARBAGE -> answer(exchange, 200, "application/json", "\0\1\2{{{]" + "z".repeat(LONG));
      case ERROR ->
          answer(
              exchange,
              500,
              "application/json",
              "{\"error_code\": \"INTERNAL_ERROR\", \"message\": \"out of luck\"}");
      default -> answer(exchange, 403, "text/plain", "Forbidden: you sent " + header);
    }
  }

  /** Answers with a text. */
  public static void answer(HttpExchange exchange, int status, String type, String body)
      throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  /**
   * Answers with a file that was damaged, chunked and so without a length.
   *
   * @param damage any but {@link Damage#GONE}, which is for the caller to say in its own way
   */
  public static void send(HttpExchange exchange, byte[] bytes, Optional<Damage> damage)
      throws IOException {
    exchange.getResponseHeaders().set("Content-Type", "application/octet-stream");
    exchange.sendResponseHeaders(200, 0);
    OutputStream out = exchange.getResponseBody();
    if (damage.isPresent() && damage.get() == Damage.TORN) {
      out.write(bytes, 0, bytes.length / 2);
      out.flush();
      return; // the exchange is closed with its last chunk missing
    }
    out.write(damage.isPresent() ? damage.get().of(bytes) : bytes);
    out.close();
  }

  @Override
  public void close() {
    hung.countDown();
    server.stop(0);
  }
}
