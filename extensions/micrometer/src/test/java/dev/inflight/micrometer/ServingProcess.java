package dev.inflight.micrometer;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
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
      while (System.in.available() == 0 && !System.out.checkError()) {
        shop.call(10);
        LockSupport.parkNanos(10_000_000);
        System.out.println();
      }
      server.stop(0);
    }
  }
}
