package dev.inflight.requestlog;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads a line back. */
final class Json {
  private Json() {}

  @SuppressWarnings("unchecked")
  static Map<String, Object> parse(String line) {
    try (JsonParser parser = new JsonFactory().createParser(line)) {
      parser.nextToken();
      Object value = value(parser);
      if (parser.nextToken() != null) {
        throw new AssertionError("more than one value in a line");
      }
      return (Map<String, Object>) value;
    } catch (IOException e) {
      throw new UncheckedIOException(line, e);
    }
  }

  /** Every line of a log. */
  static List<Map<String, Object>> lines(String text) {
    return text.lines().map(Json::parse).toList();
  }

  @SuppressWarnings("unchecked")
  static Map<String, Object> map(Map<String, Object> in, String name) {
    return (Map<String, Object>) in.get(name);
  }

  private static Object value(JsonParser parser) throws IOException {
    return switch (parser.currentToken()) {
      case START_OBJECT -> {
        Map<String, Object> map = new LinkedHashMap<>();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
          String name = parser.currentName();
          parser.nextToken();
          if (map.put(name, value(parser)) != null) {
            throw new AssertionError("twice: " + name);
          }
        }
        yield map;
      }
      case START_ARRAY -> {
        List<Object> list = new ArrayList<>();
        while (parser.nextToken() != JsonToken.END_ARRAY) {
          list.add(value(parser));
        }
        yield list;
      }
      case VALUE_NUMBER_INT -> parser.getLongValue();
      case VALUE_NUMBER_FLOAT -> parser.getDoubleValue();
      case VALUE_TRUE -> true;
      case VALUE_FALSE -> false;
      case VALUE_STRING -> parser.getText();
      default -> throw new AssertionError("unexpected " + parser.currentToken());
    };
  }
}
