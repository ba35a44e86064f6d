package dev.inflight.status;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Base64;
import java.util.List;

/** The whole page. */
final class Document {
  private static final String STYLE = resource("page.css");
  private static final String SCRIPT = resource("page.js");

  /** A request for an icon would be one to the server. */
  private static final String ICON =
      "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 8 8'%3E"
          + "%3Cpath d='M0 4h2l1-3 2 6 1-3h2' fill='none' stroke='%232a7de1'/%3E%3C/svg%3E";

  static final String CONTENT_SECURITY_POLICY =
      "default-src 'none'; connect-src 'self'; img-src data:; style-src "
          + hash(STYLE)
          + "; script-src "
          + hash(SCRIPT)
          + "; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

  private Document() {}

  static String of(List<Look> looks) {
    Html html = new Html();
    html.open("html", "lang", "en").open("head");
    html.empty("meta", "charset", "utf-8");
    html.empty("meta", "name", "viewport", "content", "width=device-width, initial-scale=1");
    html.empty("meta", "name", "color-scheme", "content", "light dark");
    html.element("title", "Inflight: " + summary(looks));
    html.empty("link", "rel", "icon", "href", ICON);
    html.open("noscript").empty("meta", "http-equiv", "refresh", "content", "10").close();
    html.own("style", STYLE).close().open("body");
    html.open("header").element("h1", "Inflight");
    html.element("p", "Not reachable: this is what was known last.", "id", "stale", "hidden", "");
    html.close().open("main");
    String now = Words.moment(Instant.now());
    html.open("p", "class", "when").text(summary(looks) + " at ");
    html.element("time", now, "datetime", now).close();
    for (int i = 0; i < looks.size(); i++) {
      new ModelSection(html, looks.get(i), "m" + i).write();
    }
    html.close().own("script", SCRIPT).close().close();
    return html.toString();
  }

  private static String summary(List<Look> looks) {
    long live = looks.stream().filter(look -> look.status().live().isPresent()).count();
    return Words.counted(looks.size(), "model") + ", " + Words.count(live) + " live";
  }

  private static String resource(String name) {
    try (InputStream in = Document.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("status page: expected " + name + " beside its classes");
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException("status page: cannot read " + name, e);
    }
  }

  private static String hash(String content) {
    try {
      byte[] digest =
          MessageDigest.getInstance("SHA-256").digest(content.getBytes(StandardCharsets.UTF_8));
      return "'sha256-" + Base64.getEncoder().encodeToString(digest) + "'";
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }
}
