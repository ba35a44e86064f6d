package dev.inflight.mlflow;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** What a real server delivers. */
@Tag("interop")
class MlflowWebhookInteropTest {
  private static final String SECRET = "correct horse battery staple";

  @Test
  void accept_deliveryOfARealServer_isAcceptedOnceAndByItsSecretOnly() throws Exception {
    MlflowWebhook webhook = MlflowWebhook.of(SECRET);
    MlflowWebhook another = MlflowWebhook.of("another secret");
    BlockingQueue<List<Boolean>> accepted = new LinkedBlockingQueue<>();
    HttpServer receiver =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    receiver.createContext(
        "/",
        exchange -> {
          try (exchange) {
            byte[] body = exchange.getRequestBody().readAllBytes();
            accepted.add(
                List.of(
                    another.accept(exchange.getRequestHeaders()::getFirst, body),
                    webhook.accept(exchange.getRequestHeaders()::getFirst, body),
                    webhook.accept(exchange.getRequestHeaders()::getFirst, body)));
            exchange.sendResponseHeaders(204, -1);
          }
        });
    receiver.start();
    try {
      RealServer server = RealServer.of("inflight.mlflow3", RealServer.Kind.PLAIN);
      String created =
          post(
              server,
              "webhooks",
              Map.of(
                  "name",
                  "poll-now",
                  "url",
                  "http://127.0.0.1:" + receiver.getAddress().getPort() + "/",
                  "events",
                  List.of(Map.of("entity", "MODEL_VERSION_ALIAS", "action", "CREATED")),
                  "secret",
                  SECRET));
      String id = Json.read(created, "webhook").at("/webhook/webhook_id").asText();
      post(server, "webhooks/" + id + "/test", Map.of());
      assertThat(accepted.poll(30, TimeUnit.SECONDS)).containsExactly(false, true, false);
    } finally {
      receiver.stop(0);
    }
  }

  private static String post(RealServer server, String call, Map<String, Object> body)
      throws Exception {
    return server.send(
        "POST", "/api/2.0/mlflow/" + call, Json.write(body).getBytes(StandardCharsets.UTF_8));
  }
}
