package dev.inflight.micrometer;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;

/** A process of its own: serves, is called, shows its metrics, and ends when its input does. */
final class ServingProcess {
  private ServingProcess() {}

  public static void main(String... home) throws Exception {
    try (WatchedShop shop = new WatchedShop(Path.of(home[0]))) {
      HttpServer server =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
      server.createContext(
          "/metrics",
          exchange -> {
            byte[] text = shop.registry.scrape().getBytes(StandardCharsets.UTF_8);
            exchange.getResponseHeaders().add("Content-Type", "text/plain; version=0.0.4");
            exchange.sendResponseHeaders(200, text.length);
            exchange.getResponseBody().write(text);
            exchange.close();
          });
      server.start();
      System.out.println(server.getAddress().getPort());
      AtomicBoolean ended = new AtomicBoolean();
      Thread watch = new Thread(() -> ended.set(readsToTheEnd()), "input");
      watch.setDaemon(true);
      watch.start();
      while (!ended.get()) {
        shop.call(10);
        LockSupport.parkNanos(10_000_000);
      }
      server.stop(0);
    }
  }

  private static boolean readsToTheEnd() {
    try {
      System.in.transferTo(OutputStream.nullOutputStream());
    } catch (IOException e) {
      System.err.println("input: " + e);
    }
    return true;
  }
}
