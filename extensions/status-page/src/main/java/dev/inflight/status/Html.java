package dev.inflight.status;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Locale;

/**
 * Writes elements. Tags and attribute names are ours; every text and every attribute value is
 * escaped here, and nothing else writes.
 */
final class Html {
  private final StringBuilder out = new StringBuilder(16_384);
  private final Deque<String> opened = new ArrayDeque<>();

  /** Attributes are names and values in turn. */
  Html open(String tag, String... attributes) {
    start(tag, attributes);
    opened.push(tag);
    return this;
  }

  Html close() {
    out.append("</").append(opened.pop()).append('>');
    return this;
  }

  /** An element that has no end. */
  Html empty(String tag, String... attributes) {
    start(tag, attributes);
    return this;
  }

  Html element(String tag, String text, String... attributes) {
    return open(tag, attributes).text(text).close();
  }

  /** From 0 to 1. */
  Html meter(double part) {
    String value = String.format(Locale.ROOT, "%.3f", part);
    return element("meter", Words.ratio(part), "min", "0", "max", "1", "value", value);
  }

  Html text(String text) {
    escape(text);
    return this;
  }

  /** A style or a script of our own. */
  Html own(String tag, String content) {
    out.append('<').append(tag).append('>').append(content);
    out.append("</").append(tag).append('>');
    return this;
  }

  private void start(String tag, String... attributes) {
    out.append('<').append(tag);
    for (int i = 0; i < attributes.length; i += 2) {
      out.append(' ').append(attributes[i]).append("=\"");
      escape(attributes[i + 1]);
      out.append('"');
    }
    out.append('>');
  }

  private void escape(String text) {
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '&' -> out.append("&amp;");
        case '<' -> out.append("&lt;");
        case '>' -> out.append("&gt;");
        case '"' -> out.append("&quot;");
        case '\'' -> out.append("&#39;");
        default -> out.append(c < ' ' && c != '\n' && c != '\t' ? '\uFFFD' : c);
      }
    }
  }

  @Override
  public String toString() {
    return "<!DOCTYPE html>\n" + out;
  }
}
