package dev.inflight.mlflow;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Base64;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Pattern;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * Tells whether a request is a delivery of a webhook of MLflow (3.3 or newer), so that a deployment
 * may {@linkplain dev.inflight.deploy.Deployment#poll() look} now and not at its next poll. What it
 * says is not read: MLflow sends deliveries in any order, or not at all, and the registry knows
 * better.
 *
 * <p>No server: a controller of yours is asked by MLflow, and asks this. Safe for several threads;
 * does not block.
 *
 * <p>Invariant: {@code seen} and {@code order} hold the same deliveries, each of them genuine and
 * accepted at most two {@link #WINDOW}s ago, the oldest at the head.
 */
public final class MlflowWebhook {
  /** How far a delivery's time may be from ours: as MLflow's documentation has it. */
  private static final Duration WINDOW = Duration.ofMinutes(5);

  /** Above what MLflow sends: the value of a tag is at most 100 000 characters. */
  private static final int MAX_BODY = 1 << 20;

  /** Only who has the secret can get here. */
  private static final int MAX_SEEN = 10_000;

  private static final Pattern ID = Pattern.compile("[A-Za-z0-9_-]{1,100}");
  private static final Pattern TIMESTAMP = Pattern.compile("[0-9]{1,12}");

  private record Delivery(String id, Instant accepted) {}

  private final SecretKeySpec secret;
  private final Clock clock;
  private final Set<String> seen = new HashSet<>();
  private final Deque<Delivery> order = new ArrayDeque<>();

  private MlflowWebhook(SecretKeySpec secret, Clock clock) {
    this.secret = secret;
    this.clock = clock;
  }

  /**
   * {@return what knows the deliveries of a webhook by its secret}
   *
   * @param secret as given to MLflow when the webhook was created
   * @throws IllegalArgumentException if it is empty
   */
  public static MlflowWebhook of(String secret) {
    return of(secret, Clock.systemUTC());
  }

  static MlflowWebhook of(String secret, Clock clock) {
    if (secret.isEmpty()) {
      throw new IllegalArgumentException("secret of the webhook: expected one, got an empty text");
    }
    byte[] bytes = secret.getBytes(StandardCharsets.UTF_8);
    return new MlflowWebhook(new SecretKeySpec(bytes, "HmacSHA256"), clock);
  }

  /**
   * {@return whether MLflow sent this, within five minutes of now, and for the first time} Answer
   * 401 if not. A delivery that was accepted once is not accepted again.
   *
   * @param header the value of a header by its name, null if there is none: {@code
   *     request::getHeader}
   * @param body the bytes as they came, before anything read them as text; more than 1 MiB are
   *     refused
   */
  public boolean accept(Function<String, @Nullable String> header, byte[] body) {
    String id = header.apply("X-MLflow-Delivery-Id");
    String timestamp = header.apply("X-MLflow-Timestamp");
    String signature = header.apply("X-MLflow-Signature");
    return id != null
        && timestamp != null
        && signature != null
        && body.length <= MAX_BODY
        && ID.matcher(id).matches()
        && TIMESTAMP.matcher(timestamp).matches()
        && isNear(Instant.ofEpochSecond(Long.parseLong(timestamp)))
        && isGenuine(signature, id + "." + timestamp + ".", body)
        && isFirst(id);
  }

  private boolean isNear(Instant sent) {
    return Duration.between(sent, clock.instant()).abs().compareTo(WINDOW) <= 0;
  }

  private boolean isGenuine(String signature, String prefix, byte[] body) {
    try {
      Mac mac = Mac.getInstance(secret.getAlgorithm());
      mac.init(secret);
      mac.update(prefix.getBytes(StandardCharsets.UTF_8));
      String right = "v1," + Base64.getEncoder().encodeToString(mac.doFinal(body));
      return MessageDigest.isEqual(
          right.getBytes(StandardCharsets.UTF_8), signature.getBytes(StandardCharsets.UTF_8));
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("every JDK has " + secret.getAlgorithm(), e);
    }
  }

  /** What is forgotten is too old to be accepted by its time. */
  private synchronized boolean isFirst(String id) {
    Instant old = clock.instant().minus(WINDOW.multipliedBy(2));
    while (!order.isEmpty() && order.peek().accepted().isBefore(old)) {
      seen.remove(order.remove().id());
    }
    boolean first = seen.size() < MAX_SEEN && seen.add(id);
    if (first) {
      order.add(new Delivery(id, clock.instant()));
    }
    return first;
  }
}
