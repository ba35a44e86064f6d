package dev.inflight.mlflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Base64;
import java.util.HashMap;
import java.util.Map;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;

/** Deliveries as a real server of MLflow 3 sent one. */
class MlflowWebhookTest {
  private static final String SECRET = "s3cr3t";
  private static final long SENT = 1795417612;
  private static final byte[] BODY =
      ("{\"entity\": \"model_version_alias\", \"action\": \"created\", \"timestamp\":"
              + " \"2026-11-23T07:06:52.781486+00:00\", \"data\": {\"name\": \"churn model\","
              + " \"alias\": \"champion\", \"version\": \"2\"}}")
          .getBytes(StandardCharsets.UTF_8);

  /** Stands still until it is moved. */
  private static final class Hand extends Clock {
    private Instant now = Instant.ofEpochSecond(SENT);

    void move(long seconds) {
      now = now.plusSeconds(seconds);
    }

    @Override
    public Instant instant() {
      return now;
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }

  private final Hand clock = new Hand();
  private final MlflowWebhook webhook = MlflowWebhook.of(SECRET, clock);

  /** What came over the wire. */
  private static Map<String, String> recorded() {
    return new HashMap<>(
        Map.of(
            "X-MLflow-Delivery-Id", "8a04a911-519f-4291-9ce2-a30644573710",
            "X-MLflow-Timestamp", String.valueOf(SENT),
            "X-MLflow-Signature", "v1,3LArKle0bI5XsICPgzevPIzaPX7I3V8DKDsaZFMJWo8="));
  }

  private static Map<String, String> signed(String id, String timestamp, byte[] body)
      throws Exception {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
    mac.update((id + "." + timestamp + ".").getBytes(StandardCharsets.UTF_8));
    String signature = "v1," + Base64.getEncoder().encodeToString(mac.doFinal(body));
    return Map.of(
        "X-MLflow-Delivery-Id",
        id,
        "X-MLflow-Timestamp",
        timestamp,
        "X-MLflow-Signature",
        signature);
  }

  @Test
  void accept_recordedDelivery_isAcceptedOnce() {
    assertThat(webhook.accept(recorded()::get, BODY)).isTrue();
    assertThat(webhook.accept(recorded()::get, BODY)).isFalse();
  }

  @Test
  void accept_anythingChangedOrMissing_isRefused() {
    for (String name : recorded().keySet()) {
      for (String value : new String[] {null, "", "v1,", "1795417613", "another"}) {
        Map<String, String> headers = recorded();
        headers.put(name, value);
        assertThat(webhook.accept(headers::get, BODY)).as(name + " " + value).isFalse();
      }
    }
    byte[] body = BODY.clone();
    body[body.length - 4] = '3';
    assertThat(webhook.accept(recorded()::get, body)).isFalse();
    assertThat(MlflowWebhook.of("another", clock).accept(recorded()::get, BODY)).isFalse();
    assertThat(webhook.accept(recorded()::get, BODY)).as("refusals are forgotten").isTrue();
  }

  @Test
  void accept_olderOrNewerThanFiveMinutes_isRefused() {
    clock.move(301);
    assertThat(webhook.accept(recorded()::get, BODY)).isFalse();
    clock.move(-602);
    assertThat(webhook.accept(recorded()::get, BODY)).isFalse();
    clock.move(1);
    assertThat(webhook.accept(recorded()::get, BODY)).isTrue();
  }

  @Test
  void accept_replayedAsLateAsItsTimeAllows_isRefused() {
    clock.move(-300); // the sender's clock is five minutes ahead
    assertThat(webhook.accept(recorded()::get, BODY)).isTrue();
    for (int i = 0; i < 600; i += 100) {
      clock.move(100);
      assertThat(webhook.accept(recorded()::get, BODY)).isFalse();
    }
  }

  @Test
  void accept_forgottenDeliveries_makeRoom() throws Exception {
    String now = String.valueOf(clock.now.getEpochSecond());
    for (int i = 0; i < 10_000; i++) {
      assertThat(webhook.accept(signed("a" + i, now, BODY)::get, BODY)).isTrue();
    }
    assertThat(webhook.accept(signed("b", now, BODY)::get, BODY)).isFalse();
    clock.move(Duration.ofMinutes(11).toSeconds());
    String later = String.valueOf(clock.now.getEpochSecond());
    assertThat(webhook.accept(signed("b", later, BODY)::get, BODY)).isTrue();
  }

  @Test
  void accept_bodyAboveItsBound_isRefused() throws Exception {
    for (int more : new int[] {0, 1}) {
      byte[] body = new byte[(1 << 20) + more];
      Map<String, String> headers = signed("large" + more, String.valueOf(SENT), body);
      assertThat(webhook.accept(headers::get, body)).isEqualTo(more == 0);
    }
  }

  @Test
  void of_emptySecret_isRefused() {
    assertThatThrownBy(() -> MlflowWebhook.of(""))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("expected one");
  }
}
