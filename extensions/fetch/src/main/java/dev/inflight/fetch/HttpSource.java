package dev.inflight.fetch;

import java.io.IOException;
import java.io.InterruptedIOException;
import java.net.ProxySelector;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.ResponseInfo;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.LongSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Servers reached over HTTP with the JDK's client. Redirects are not followed, credentials go to
 * the one server they are for, and no message holds them or a query. Safe for several threads; its
 * threads are daemons.
 */
public final class HttpSource {
  private static final int MAX_TEXT = 16 << 20;
  private static final int MAX_RESUMES = 8;

  /** What a signed address has in its query that nobody else may know. */
  private static final Pattern SECRETS =
      Pattern.compile("(?i)(?:^|&)[^=&]*(?:token|sig|signature|credential|key)=([^&]+)");

  private static final Pattern TAGS =
      Pattern.compile("(?is)<(script|style)[^>]*>.*?</\\1>|<[^>]*>");

  /**
   * How long to wait.
   *
   * @param connect for a connection
   * @param answer for the head of an answer, and for all of a short one
   * @param stall for the next bytes of a download
   */
  public record Patience(Duration connect, Duration answer, Duration stall) {
    /** {@return 10 s, 30 s, 30 s} */
    public static Patience defaults() {
      return new Patience(Duration.ofSeconds(10), Duration.ofSeconds(30), Duration.ofSeconds(30));
    }
  }

  private final HttpClient client;
  private final Patience patience;
  private final @Nullable URI trusted;
  private final String header;
  private final String secret;

  private HttpSource(
      HttpClient client, Patience patience, @Nullable URI trusted, String header, String secret) {
    this.client = client;
    this.patience = patience;
    this.trusted = trusted;
    this.header = header;
    this.secret = secret;
  }

  /** {@return a client without credentials} */
  public static HttpSource of(Patience patience) {
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .connectTimeout(patience.connect())
            .followRedirects(HttpClient.Redirect.NEVER)
            .version(HttpClient.Version.HTTP_1_1);
    ProxySelector proxy = ProxySelector.getDefault();
    if (proxy != null) {
      builder.proxy(proxy);
    }
    return new HttpSource(builder.build(), patience, null, "", "");
  }

  /**
   * {@return this, which sends an {@code Authorization} header to one server}
   *
   * @param server its scheme, host and port
   * @param header such as {@code Bearer ...}
   */
  public HttpSource withAuthorization(URI server, String header) {
    return withHeader(server, "Authorization", header);
  }

  /**
   * {@return this, which sends a header that is a secret to one server, and no other credentials}
   *
   * @param server its scheme, host and port
   */
  public HttpSource withHeader(URI server, String name, String value) {
    return new HttpSource(client, patience, server, name, value);
  }

  /** {@return whether credentials are for the server of {@code uri}} */
  private boolean isTrusted(URI uri) {
    return trusted != null
        && String.valueOf(trusted.getScheme()).equalsIgnoreCase(String.valueOf(uri.getScheme()))
        && String.valueOf(trusted.getHost()).equalsIgnoreCase(String.valueOf(uri.getHost()))
        && trusted.getPort() == uri.getPort();
  }

  private HttpRequest.Builder request(URI uri) throws IOException {
    try {
      HttpRequest.Builder builder =
          HttpRequest.newBuilder(uri).timeout(patience.answer()).header("User-Agent", "inflight");
      if (isTrusted(uri)) {
        builder.header(header, secret);
      }
      return builder;
    } catch (IllegalArgumentException e) {
      throw new IOException(where(uri) + ": expected an http or https address with a host", e);
    }
  }

  /**
   * {@return the body of a short answer, as UTF-8}
   *
   * @throws StatusException if the status is not 200; the message quotes the answer
   * @throws IOException if the server cannot be reached, is too slow, or answers too much
   */
  public String text(URI uri) throws IOException {
    TextBody body = new TextBody(MAX_TEXT);
    HttpResponse<String> response =
        await(uri, request(uri).GET().build(), info -> body, body::length, patience.answer());
    if (response.statusCode() != 200) {
      throw failed(uri, response);
    }
    if (body.isCut()) {
      throw new IOException(where(uri) + ": expected at most " + MAX_TEXT + " bytes, got more");
    }
    return response.body();
  }

  /** Fills a file; goes on where a connection ended if the server can, as long as it helps. */
  void download(URI uri, Arrival arrival) throws IOException {
    String etag = "";
    for (int resumes = 0; ; resumes++) {
      long before = arrival.length();
      HttpRequest.Builder request = request(uri).header("Accept-Encoding", "identity");
      if (before > 0) {
        request.header("Range", "bytes=" + before + "-").header("If-Range", etag);
      }
      Attempt attempt = new Attempt(uri, arrival);
      try {
        HttpResponse<String> response =
            await(
                uri, request.GET().build(), attempt::subscriber, arrival::length, patience.stall());
        attempt.requireDone();
        if (response.statusCode() != 200 && response.statusCode() != 206) {
          throw failed(uri, response);
        }
        return;
      } catch (StatusException e) {
        throw e;
      } catch (IOException e) {
        attempt.end();
        attempt.requireDone(); // what failed here, not there
        etag = attempt.etag();
        if (etag.isEmpty() || arrival.length() <= before || resumes == MAX_RESUMES) {
          throw e;
        }
      }
    }
  }

  /** One request for a file, or for the rest of it. Nothing is written for it once it has ended. */
  private static final class Attempt {
    private final URI uri;
    private final Arrival arrival;
    private volatile String etag = "";
    private volatile @Nullable FileBody body;
    private boolean ended;

    Attempt(URI uri, Arrival arrival) {
      this.uri = uri;
      this.arrival = arrival;
    }

    synchronized BodySubscriber<String> subscriber(ResponseInfo info) {
      if (ended) {
        return new TextBody(0);
      }
      if (info.statusCode() != 200 && info.statusCode() != 206) {
        return new TextBody(4 << 10);
      }
      boolean ranges =
          info.statusCode() == 206
              || info.headers().firstValue("Accept-Ranges").orElse("").equals("bytes");
      String tag = info.headers().firstValue("ETag").orElse("");
      etag = ranges && tag.startsWith("\"") ? tag : ""; // a weak tag promises no bytes
      String range = info.headers().firstValue("Content-Range").orElse("");
      FileBody next = new FileBody(arrival);
      body = next;
      if (info.statusCode() == 206) {
        if (!range.startsWith("bytes " + arrival.length() + "-")) {
          next.refuse(
              new IOException(
                  where(uri)
                      + ": expected bytes from "
                      + arrival.length()
                      + " on, got '"
                      + Staging.printable(range)
                      + "'"));
        }
      } else if (arrival.length() > 0) {
        next.restart();
      }
      return next;
    }

    /** Whoever was given up may still be about to write. */
    synchronized void end() {
      ended = true;
      FileBody current = body;
      if (current != null) {
        current.detach();
      }
    }

    String etag() {
      return etag;
    }

    /** What went wrong on this side: a full disk, a file that is not what was expected. */
    void requireDone() throws IOException {
      FileBody current = body;
      if (current != null) {
        current.requireWritten();
      }
    }
  }

  /** Waits for an answer of which more comes at least every {@code stall}. */
  private HttpResponse<String> await(
      URI uri,
      HttpRequest request,
      HttpResponse.BodyHandler<String> handler,
      LongSupplier progress,
      Duration stall)
      throws IOException {
    CompletableFuture<HttpResponse<String>> answer = client.sendAsync(request, handler);
    long patienceNanos = stall.toNanos();
    long seen = progress.getAsLong();
    try {
      while (true) {
        try {
          return answer.get(Math.max(patienceNanos, 1), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
          long now = progress.getAsLong();
          if (now == seen) {
            throw new IOException(
                where(uri) + ": expected an answer, got no byte for " + stall.toMillis() + " ms",
                e);
          }
          seen = now;
        }
      }
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      throw new IOException(where(uri) + ": " + reason(cause), cause);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      InterruptedIOException interrupted = new InterruptedIOException(where(uri) + ": interrupted");
      interrupted.initCause(e);
      throw interrupted;
    } finally {
      answer.cancel(true);
    }
  }

  private static String reason(@Nullable Throwable cause) {
    if (cause == null) {
      return "no answer";
    }
    String message = cause.getMessage();
    String name = cause.getClass().getSimpleName();
    return message == null ? name : name + ": " + Staging.printable(message);
  }

  private StatusException failed(URI uri, HttpResponse<String> response) {
    String type = response.headers().firstValue("Content-Type").orElse("no type");
    return new StatusException(
        response.statusCode(),
        where(uri)
            + ": expected status 200, got "
            + response.statusCode()
            + " ("
            + Staging.printable(type)
            + "): "
            + quote(response.body(), uri));
  }

  /**
   * A few words of what a server said, on one line, without what it was told: S3 sends back the
   * token of a signed address that it does not like.
   */
  private String quote(String body, URI uri) {
    String text = TAGS.matcher(body).replaceAll(" ").replaceAll("[\\p{Cntrl}\\s]+", " ").strip();
    List<String> told = new ArrayList<>(List.of(secret.substring(secret.indexOf(' ') + 1)));
    for (@Nullable String query : new @Nullable String[] {uri.getRawQuery(), uri.getQuery()}) {
      Matcher secrets = SECRETS.matcher(query == null ? "" : query);
      while (secrets.find()) {
        told.add(secrets.group(1));
      }
    }
    for (String word : told) {
      text = word.isEmpty() ? text : text.replace(word, "***");
    }
    return text.isEmpty() ? "no text" : "'" + Staging.printable(text) + "'";
  }

  /** {@return an address as messages may show it: no user, no query} */
  static String where(URI uri) {
    String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
    String path = Optional.ofNullable(uri.getRawPath()).orElse("");
    return String.valueOf(uri.getScheme()).toLowerCase(Locale.ROOT)
        + "://"
        + Optional.ofNullable(uri.getHost()).orElse("")
        + port
        + Staging.printable(path);
  }

  /** {@return the bytes of a text in UTF-8 as percent-encoded characters where they have to be} */
  public static String encoded(String text) {
    StringBuilder encoded = new StringBuilder();
    for (byte b : text.getBytes(StandardCharsets.UTF_8)) {
      boolean plain =
          (b >= 'a' && b <= 'z')
              || (b >= 'A' && b <= 'Z')
              || (b >= '0' && b <= '9')
              || "-._~".indexOf(b) >= 0;
      if (plain) {
        encoded.append((char) b);
      } else {
        encoded.append(String.format(Locale.ROOT, "%%%02X", b));
      }
    }
    return encoded.toString();
  }

  /** {@return a path with each of its names {@linkplain #encoded encoded}} */
  public static String encodedPath(String path) {
    return Arrays.stream(path.split("/", -1))
        .map(HttpSource::encoded)
        .collect(Collectors.joining("/"));
  }
}
