package dev.inflight.status;

import java.util.Collection;
import java.util.Map;

/** Writes maps, collections, texts, numbers, booleans and null ({@link #NULL}) as JSON. */
final class Json {
  /** What is not known. */
  static final Object NULL = new Object();

  private Json() {}

  static String of(Object value) {
    StringBuilder out = new StringBuilder(8192);
    write(out, value);
    return out.toString();
  }

  private static void write(StringBuilder out, Object value) {
    if (value instanceof Map<?, ?> map) {
      out.append('{');
      map.forEach(
          (name, each) -> {
            separate(out, '{');
            quote(out, name.toString());
            out.append(':');
            write(out, each);
          });
      out.append('}');
    } else if (value instanceof Collection<?> all) {
      out.append('[');
      all.forEach(
          each -> {
            separate(out, '[');
            write(out, each);
          });
      out.append(']');
    } else if (value == NULL || (value instanceof Double number && !Double.isFinite(number))) {
      out.append("null"); // JSON has no infinity
    } else if (value instanceof Number || value instanceof Boolean) {
      out.append(value);
    } else {
      quote(out, value.toString());
    }
  }

  private static void separate(StringBuilder out, char opening) {
    if (out.charAt(out.length() - 1) != opening) {
      out.append(',');
    }
  }

  /** Escapes also what would end a script, should somebody put the text into one. */
  private static void quote(StringBuilder out, String text) {
    out.append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      switch (c) {
        case '"' -> out.append("\\\"");
        case '\\' -> out.append("\\\\");
        case '\n' -> out.append("\\n");
        default -> {
          if (c < ' ' || c == '<' || c == '>' || c == '&' || (c >= '\u007f' && c < '\u00a0')) {
            hex(out, c);
          } else if (c == '\u2028' || c == '\u2029' || Character.isSurrogate(c)) {
            hex(out, c); // half a pair has no UTF-8
          } else {
            out.append(c);
          }
        }
      }
    }
    out.append('"');
  }

  private static void hex(StringBuilder out, char c) {
    out.append("\\u");
    for (int shift = 12; shift >= 0; shift -= 4) {
      out.append(Character.forDigit(c >> shift & 15, 16));
    }
  }
}
