package dev.inflight.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;

/** Exchanges with a real MLflow server: recorded on the way through, or answered from a file. */
final class Exchanges implements AutoCloseable {
  /** One answer. */
  private record Answer(int status, String type, String body) {}

  private final Map<String, Answer> answers = new TreeMap<>();
  private final HttpServer server;
  private final HttpClient client =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private JsonNode made;

  private Exchanges() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
  }

  /** Passes requests on to a real server and keeps what it answers. */
  static Exchanges recording(URI real, JsonNode made) throws IOException {
    Exchanges exchanges = new Exchanges();
    exchanges.made = made;
    exchanges.server.createContext("/", exchange -> exchanges.pass(real, exchange));
    exchanges.server.start();
    return exchanges;
  }

  /** Answers as a file says; what is not in it is 404 in HTML, like any other route. */
  static Exchanges replaying(Path file) throws IOException {
    Exchanges exchanges = new Exchanges();
    String text;
    try (GZIPInputStream in = new GZIPInputStream(Files.newInputStream(file))) {
      text = new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
    JsonNode all = Json.read(text, file.toString());
    exchanges.made = all.get("made");
    all.get("answers")
        .properties()
        .forEach(
            entry ->
                exchanges.answers.put(
                    entry.getKey(),
                    new Answer(
                        entry.getValue().get("status").asInt(),
                        entry.getValue().get("type").asText(),
                        entry.getValue().get("body").asText())));
    Answer none =
        new Answer(
            404,
            "text/html",
            Base64.getEncoder().encodeToString("<h1>404</h1>".getBytes(StandardCharsets.UTF_8)));
    exchanges.server.createContext(
        "/",
        exchange ->
            send(
                exchange,
                exchanges.answers.getOrDefault(exchange.getRequestURI().toString(), none)));
    exchanges.server.start();
    return exchanges;
  }

  JsonNode made() {
    return made;
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  private void pass(URI real, HttpExchange exchange) throws IOException {
    String path = exchange.getRequestURI().toString();
    HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(real + path));
    String authorization = exchange.getRequestHeaders().getFirst("Authorization");
    if (authorization != null) {
      request.header("Authorization", authorization);
    }
    try {
      HttpResponse<byte[]> response =
          client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
      Answer answer =
          new Answer(
              response.statusCode(),
              response.headers().firstValue("Content-Type").orElse(""),
              Base64.getEncoder().encodeToString(response.body()));
      synchronized (answers) {
        answers.put(path, answer);
      }
      send(exchange, answer);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      exchange.close();
    }
  }

  private static void send(HttpExchange exchange, Answer answer) throws IOException {
    try (exchange) {
      byte[] body = Base64.getDecoder().decode(answer.body());
      exchange.getResponseHeaders().set("Content-Type", answer.type());
      exchange.sendResponseHeaders(answer.status(), body.length == 0 ? -1 : body.length);
      exchange.getResponseBody().write(body);
    }
  }

  /** Writes what was recorded. */
  void save(Path file) throws IOException {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("made", made);
    Map<String, Object> each = new TreeMap<>();
    synchronized (answers) {
      answers.forEach(
          (path, answer) ->
              each.put(
                  path,
                  Map.of("status", answer.status(), "type", answer.type(), "body", answer.body())));
    }
    all.put("answers", each);
    Files.createDirectories(file.getParent());
    try (GZIPOutputStream out = new GZIPOutputStream(Files.newOutputStream(file))) {
      out.write(Json.write(all).getBytes(StandardCharsets.UTF_8));
    }
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
