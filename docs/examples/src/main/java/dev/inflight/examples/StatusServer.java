package dev.inflight.examples;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.inflight.deploy.Deployment;
import dev.inflight.status.StatusPage;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/** The status page on the JDK's own server, for this machine only. */
final class StatusServer {
  private StatusServer() {}

  static HttpServer start(int port, Deployment<?, ?>... deployments) throws IOException {
    StatusPage page = StatusPage.of(deployments);
    InetAddress here = InetAddress.getLoopbackAddress();
    HttpServer server = HttpServer.create(new InetSocketAddress(here, port), 0);
    server.createContext("/", exchange -> answer(exchange, "text/html", page.html()));
    server.createContext("/json", exchange -> answer(exchange, "application/json", page.json()));
    server.start();
    return server;
  }

  private static void answer(HttpExchange exchange, String type, String text) throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    var headers = exchange.getResponseHeaders();
    headers.set("Content-Type", type + "; charset=utf-8");
    headers.set("Content-Security-Policy", StatusPage.contentSecurityPolicy());
    headers.set("Cache-Control", "no-store");
    exchange.sendResponseHeaders(200, body.length);
    exchange.getResponseBody().write(body);
    exchange.close();
  }
}
