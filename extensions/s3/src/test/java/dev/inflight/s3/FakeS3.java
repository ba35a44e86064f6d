package dev.inflight.s3;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * A store that hands out what a signature is right for, computed here once more from the request.
 */
final class FakeS3 implements AutoCloseable {
  private final Map<String, byte[]> objects = new ConcurrentHashMap<>();
  private final String secret;
  private final HttpServer server;

  FakeS3(String secret) throws IOException {
    this.secret = secret;
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/", this::handle);
    server.start();
  }

  /** By bucket, slash and key. */
  void put(String object, byte[] bytes) {
    objects.put(object, bytes);
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + server.getAddress().getPort());
  }

  private void handle(HttpExchange exchange) throws IOException {
    try (exchange) {
      String query = Optional.ofNullable(exchange.getRequestURI().getRawQuery()).orElse("");
      String right = signature(exchange.getRequestURI().getRawPath(), query, exchange);
      if (!query.contains("X-Amz-Signature=" + right)) {
        String token = query.replaceAll(".*X-Amz-Security-Token=([^&]*).*", "$1");
        answer(exchange, 403, "<Error><Code>SignatureDoesNotMatch</Code>" + token + "</Error>");
        return;
      }
      byte[] bytes = objects.get(decoded(exchange.getRequestURI().getRawPath()).substring(1));
      if (bytes == null) {
        answer(exchange, 404, "<Error><Code>NoSuchKey</Code></Error>");
        return;
      }
      exchange.sendResponseHeaders(200, bytes.length);
      exchange.getResponseBody().write(bytes);
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }

  private static String decoded(String path) {
    return URLDecoder.decode(path.replace("+", "%2B"), StandardCharsets.UTF_8);
  }

  private static void answer(HttpExchange exchange, int status, String body) throws IOException {
    byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
  }

  private String signature(String path, String query, HttpExchange exchange)
      throws GeneralSecurityException {
    String canonical =
        Arrays.stream(query.split("&", -1))
            .filter(pair -> !pair.startsWith("X-Amz-Signature="))
            .sorted()
            .collect(Collectors.joining("&"));
    String host = exchange.getRequestHeaders().getFirst("Host");
    String request =
        "GET\n" + path + "\n" + canonical + "\nhost:" + host + "\n\nhost\nUNSIGNED-PAYLOAD";
    String scope = value(canonical, "X-Amz-Credential").split("/", 2)[1];
    byte[] hash =
        MessageDigest.getInstance("SHA-256").digest(request.getBytes(StandardCharsets.UTF_8));
    String text =
        String.join(
            "\n",
            "AWS4-HMAC-SHA256",
            value(canonical, "X-Amz-Date"),
            scope,
            HexFormat.of().formatHex(hash));
    byte[] key = ("AWS4" + secret).getBytes(StandardCharsets.UTF_8);
    for (String part : scope.split("/", -1)) {
      key = hmac(key, part);
    }
    return HexFormat.of().formatHex(hmac(key, text));
  }

  private static String value(String query, String name) {
    return decoded(query.replaceAll("(?:.*&)?" + name + "=([^&]*).*", "$1"));
  }

  private static byte[] hmac(byte[] key, String text) throws GeneralSecurityException {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    return mac.doFinal(text.getBytes(StandardCharsets.UTF_8));
  }

  @Override
  public void close() {
    server.stop(0);
  }
}
